"""Which model an example asks: a real one, or without arguments one that replies by a script."""

import argparse

from cave_agent.models import Model, OpenAIServerModel
from cave_agent.testing import ScriptedModel


def model_from_arguments(script: list[str]) -> Model:
    """Return the model that the command line asks for.

    Args:
        script: The replies where no model is given.
    """
    parser = argparse.ArgumentParser(description="Without --model the replies are scripted.")
    parser.add_argument("--model", help="name of the model to ask; OPENAI_API_KEY is its key")
    parser.add_argument("--base-url", help="address of a server that speaks OpenAI's protocol")
    options = parser.parse_args()
    if options.model is None:
        print("No --model was given, so the replies are scripted; the cells really run.\n")
        return ScriptedModel(script)
    return OpenAIServerModel(options.model, base_url=options.base_url)
