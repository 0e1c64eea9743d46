"""The devices of a home."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from benchmarks.tokens.tools import toolbox

Status = dict[str, Any]


@toolbox
@dataclass
class Light:
    """A dimmable light."""

    on: bool = False
    brightness: int = 100
    color: str = "warm white"

    def turn_on(self) -> Status:
        """Turn the light on at its last brightness."""
        self.on = True
        return asdict(self)

    def turn_off(self) -> Status:
        """Turn the light off."""
        self.on = False
        return asdict(self)

    def set_brightness(self, percent: int) -> Status:
        """Set the brightness in percent; above 0 the light goes on.

        Args:
            percent: From 0 to 100.
        """
        self.on, self.brightness = percent > 0, percent
        return asdict(self)

    def set_color(self, color: str) -> Status:
        """Set the color by its English name."""
        self.color = color
        return asdict(self)

    def status(self) -> Status:
        """Return whether it is on, its brightness and its color."""
        return asdict(self)


@toolbox
@dataclass
class Thermostat:
    """A thermostat with a sensor."""

    celsius: float = 19.0
    target: float = 20.0
    mode: str = "heat"
    humidity: int = 48
    night_target: float = 17.0

    def read(self) -> Status:
        """Return temperature, target, mode and humidity."""
        return asdict(self)

    def set_target(self, celsius: float) -> Status:
        """Set the temperature to reach.

        Args:
            celsius: From 5 to 30.
        """
        self.target = celsius
        return {"target": self.target, "mode": self.mode}

    def set_mode(self, mode: Literal["heat", "cool", "auto", "off"]) -> Status:
        """Set what it does."""
        self.mode = mode
        return {"target": self.target, "mode": self.mode}

    def set_night_target(self, celsius: float) -> Status:
        """Set the temperature to keep from 22:00 to 6:00."""
        self.night_target = celsius
        return {"night_target": self.night_target}


@toolbox
@dataclass
class Lock:
    """A door lock with codes."""

    locked: bool = True
    battery: int = 80
    codes: list[str] = field(default_factory=list)

    def lock(self) -> Status:
        """Lock the door."""
        self.locked = True
        return {"locked": True}

    def unlock(self) -> Status:
        """Unlock the door."""
        self.locked = False
        return {"locked": False}

    def add_code(self, holder: str, code: str, until: str) -> Status:
        """Let somebody in by a code.

        Args:
            holder: Who gets the code.
            code: Four digits.
            until: Last day, as YYYY-MM-DD.
        """
        self.codes.append(f"{holder}:{code}:{until}")
        return {"holder": holder, "until": until, "codes": len(self.codes)}

    def status(self) -> Status:
        """Return whether it is locked, and its battery in percent."""
        return {"locked": self.locked, "battery": self.battery}


@toolbox
@dataclass
class Blind:
    """A window blind."""

    position: int = 100

    def set_position(self, percent: int) -> Status:
        """Move the blind.

        Args:
            percent: 0 is closed, 100 is open.
        """
        self.position = percent
        return {"position": percent}

    def status(self) -> Status:
        """Return its position in percent."""
        return {"position": self.position}


@toolbox
@dataclass
class Speaker:
    """A speaker that plays music and radio."""

    playing: str | None = None
    volume: int = 30

    def play(self, title: str) -> Status:
        """Play a playlist, an album or a station by its name."""
        self.playing = title
        return {"playing": title, "volume": self.volume}

    def stop(self) -> Status:
        """Stop playing."""
        self.playing = None
        return {"stopped": True}

    def set_volume(self, percent: int) -> Status:
        """Set the volume in percent."""
        self.volume = percent
        return {"volume": percent}

    def announce(self, text: str) -> Status:
        """Say a text aloud."""
        return {"announced": text}


@toolbox
@dataclass
class Vacuum:
    """A robot vacuum cleaner."""

    state: str = "docked"
    battery: int = 92
    bin_full: bool = False

    def clean(self, rooms: list[str]) -> Status:
        """Clean rooms in the order given."""
        self.state, self.battery = "cleaning", self.battery - 9 * len(rooms)
        return {"state": self.state, "rooms": rooms, "battery_after": self.battery}

    def dock(self) -> Status:
        """Send it back to its dock."""
        self.state = "docked"
        return {"state": self.state, "battery": self.battery}

    def status(self) -> Status:
        """Return what it does, its battery in percent and whether its bin is full."""
        return asdict(self)


@toolbox
@dataclass
class Alarm:
    """The alarm system."""

    mode: str = "off"
    events: list[dict[str, str]] = field(default_factory=list)

    def arm(self, mode: Literal["home", "away", "night"]) -> Status:
        """Arm the alarm."""
        self.mode = mode
        return {"mode": mode}

    def disarm(self) -> Status:
        """Disarm the alarm."""
        self.mode = "off"
        return {"mode": "off"}

    def log(self, limit: int = 5) -> list[dict[str, str]]:
        """Return the latest events, the newest first."""
        return self.events[:limit]


@toolbox
@dataclass
class Planner:
    """Routines that run at a time of day."""

    routines: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add_routine(self, name: str, at: str, days: str, actions: list[str]) -> Status:
        """Add a routine.

        Args:
            name: A new name.
            at: Time as HH:MM.
            days: "daily", "weekdays" or "weekend".
            actions: What to do, one sentence each.
        """
        self.routines[name] = {"at": at, "days": days, "actions": actions}
        return {"name": name, "at": at, "days": days, "steps": len(actions)}

    def remove_routine(self, name: str) -> Status:
        """Remove a routine."""
        del self.routines[name]
        return {"removed": name, "left": list(self.routines)}

    def list_routines(self) -> dict[str, dict[str, Any]]:
        """Return all routines by name."""
        return dict(self.routines)


@toolbox
@dataclass
class Energy:
    """The energy meter."""

    by_device: dict[str, float] = field(default_factory=dict)

    def usage(self, day: str) -> Status:
        """Return the kilowatt-hours of a day, in all and by group of devices.

        Args:
            day: As YYYY-MM-DD.
        """
        return {"day": day, "kwh": round(sum(self.by_device.values()), 1), "by": self.by_device}

    def price(self, hour: int) -> Status:
        """Return what a kilowatt-hour costs at an hour of today, in cents."""
        return {"hour": hour, "cents": 21 + (hour % 12) * 2}
