"""What cells may use once the skill `data-processor` is active."""

from dataclasses import dataclass

from cave_agent.runtime import Function, Type, Variable


def analyze_data(data: list[float]) -> dict[str, float]:
    """Analyze data and return statistics."""
    return {"mean": sum(data) / len(data), "count": len(data)}


@dataclass
class AnalysisResult:
    """What an analysis found."""

    mean: float
    count: int
    status: str


CONFIG = {"threshold": 0.5, "max_items": 1000}

__exports__ = [
    Function(analyze_data, description="Analyze data statistically"),
    Variable("CONFIG", value=CONFIG, description="Analysis configuration"),
    Type(AnalysisResult, description="Result structure"),
]
