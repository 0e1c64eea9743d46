"""A smart home: 17 stateful devices with 32 tools, one conversation of 30 turns."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tokens.gold import GoldSet, Turn, World, call, ref
from benchmarks.tokens.sets.home_devices import (
    Alarm,
    Blind,
    Energy,
    Light,
    Lock,
    Planner,
    Speaker,
    Thermostat,
    Vacuum,
)

ROLE = """\
You are the assistant of a family's smart home. Do what is asked with the devices, nothing more. \
Answer in one or two friendly sentences, with temperatures in °C."""

LIGHTS = ("hall_light", "kitchen_light", "living_light", "bedroom_light", "kids_light")
BLINDS = ("living_blind", "bedroom_blind", "kids_blind")
HEATING = ("living_heating", "bedroom_heating", "bath_heating")


def make_world() -> World:
    """Return the home as it is in the evening."""
    objects: dict[str, Any] = {
        "hall_light": Light(on=True),
        "kitchen_light": Light(on=True, brightness=80),
        "living_light": Light(),
        "bedroom_light": Light(),
        "kids_light": Light(on=True, brightness=60, color="yellow"),
        "living_heating": Thermostat(celsius=19.5, target=20.0),
        "bedroom_heating": Thermostat(celsius=17.8, target=18.0, humidity=55),
        "bath_heating": Thermostat(celsius=21.2, target=22.0, humidity=63),
        "front_door": Lock(locked=False),
        "back_door": Lock(battery=15),
        "living_blind": Blind(),
        "bedroom_blind": Blind(),
        "kids_blind": Blind(position=50),
        "living_speaker": Speaker(),
        "kitchen_speaker": Speaker(playing="Radio One", volume=20),
        "vacuum": Vacuum(),
        "alarm": Alarm(
            events=[
                {"time": "17:42", "event": "front door opened"},
                {"time": "15:10", "event": "garden motion"},
                {"time": "08:03", "event": "disarmed by Ana"},
                {"time": "07:55", "event": "back door opened"},
            ]
        ),
        "planner": Planner(
            {"wake up": {"at": "06:45", "days": "weekdays", "actions": ["Open the blinds"]}}
        ),
        "energy": Energy({"heating": 9.4, "kitchen": 3.1, "lights": 0.8, "other": 2.6}),
    }

    def state(names: Mapping[str, Any]) -> Any:
        del names  # the devices themselves are what there is in the end
        return {name: vars(value) for name, value in objects.items()}

    return World(objects, state=state)


ARRIVING = (
    Turn(
        "Good evening! How warm is it in the living room?",
        ((call("living_heating.read", "living"),),),
        "Good evening! The living room has {living[celsius]} °C, and the heating is set to "
        "{living[target]} °C.",
    ),
    Turn(
        "Make it 21.5 please.",
        ((call("living_heating.set_target", celsius=21.5),),),
        "The living room will be heated to 21.5 °C.",
    ),
    Turn(
        "Which lights are on right now?",
        (tuple(call(f"{name}.status") for name in LIGHTS),),
        "The lights in the hall, the kitchen and the children's room are on.",
        looks=True,
    ),
    Turn(
        "Turn off the ones in the hall and the kitchen, and dim the kids' light to 20 percent.",
        (
            (
                call("hall_light.turn_off"),
                call("kitchen_light.turn_off"),
                call("kids_light.set_brightness", percent=20),
            ),
        ),
        "Hall and kitchen are dark, and the children's light is at 20 %.",
    ),
    Turn(
        "We want to watch a film: living room light to 15 percent in a soft orange, blind down, "
        "and stop the kitchen radio.",
        (
            (
                call("living_light.set_brightness", percent=15),
                call("living_light.set_color", color="soft orange"),
                call("living_blind.set_position", percent=0),
                call("kitchen_speaker.stop"),
            ),
        ),
        "Enjoy the film! The light is a soft orange at 15 %, the blind is down and the radio is "
        "off.",
    ),
    Turn(
        "Are both doors locked?",
        ((call("front_door.status", "front"), call("back_door.status", "back")),),
        "Front door locked: {front[locked]}, back door locked: {back[locked]}. The battery of the "
        "back door is at {back[battery]} %.",
    ),
    Turn(
        "Lock whatever is open.",
        ((call("front_door.lock"),),),
        "The front door is locked now, too.",
    ),
    Turn(
        "What happened at the alarm system today?",
        ((call("alarm.log", "log"),),),
        "The latest were {log[0][event]} at {log[0][time]}, {log[1][event]} at {log[1][time]} and "
        "{log[2][event]} at {log[2][time]}.",
    ),
    Turn(
        "My mother visits until Sunday the 29th. Give her the code 4711 for both doors.",
        (
            (
                call("front_door.add_code", holder="Mother", code="4711", until="2026-11-29"),
                call("back_door.add_code", holder="Mother", code="4711", until="2026-11-29"),
            ),
        ),
        "Your mother can use 4711 at both doors until Sunday, 29 November.",
    ),
    Turn(
        "Is it warm enough for her in the bedroom and the bath?",
        ((call("bedroom_heating.read", "bedroom"), call("bath_heating.read", "bath")),),
        "The bedroom has {bedroom[celsius]} °C (set to {bedroom[target]} °C) and the bath "
        "{bath[celsius]} °C (set to {bath[target]} °C).",
    ),
)

EVENING = (
    Turn(
        "She likes it warmer. Set the bedroom to 20 and its night temperature to 18.5.",
        (
            (
                call("bedroom_heating.set_target", celsius=20.0),
                call("bedroom_heating.set_night_target", celsius=18.5),
            ),
        ),
        "The bedroom will have 20 °C, and 18.5 °C at night.",
    ),
    Turn(
        "And make the bath the same as the living room.",
        (
            (
                call("living_heating.read", "model"),
                call("bath_heating.set_target", celsius=ref("model", "target")),
            ),
        ),
        "The bath is set to {model[target]} °C, like the living room.",
    ),
    Turn(
        "Can the robot still clean tonight?",
        ((call("vacuum.status", "robot"),),),
        "The robot is {robot[state]} with a battery of {robot[battery]} %.",
    ),
    Turn(
        "If the bin isn't full, let it clean hall and kitchen.",
        ((call("vacuum.status"),), (call("vacuum.clean", "trip", rooms=["hall", "kitchen"]),)),
        "It is cleaning hall and kitchen now, and will have {trip[battery_after]} % left.",
    ),
    Turn(
        "Put on some jazz in the living room, not too loud, 25 percent.",
        (
            (
                call("living_speaker.set_volume", percent=25),
                call("living_speaker.play", title="Evening Jazz"),
            ),
        ),
        "Evening Jazz is playing at 25 %.",
    ),
    Turn(
        "Tell the kids in the kitchen that it's bedtime in ten minutes.",
        ((call("kitchen_speaker.announce", text="Bedtime in ten minutes!"),),),
        "I have told them in the kitchen.",
    ),
    Turn(
        "What routines do we have?",
        ((call("planner.list_routines", "routines"),),),
        "There is one, wake up, on {routines[wake up][days]} at {routines[wake up][at]}.",
    ),
    Turn(
        "Replace it by one at 6:30 on weekdays that opens all blinds, sets the bath to 23 degrees "
        "and plays the news in the kitchen.",
        (
            (
                call("planner.remove_routine", name="wake up"),
                call(
                    "planner.add_routine",
                    name="early start",
                    at="06:30",
                    days="weekdays",
                    actions=[
                        "Open all blinds",
                        "Set the bath to 23 °C",
                        "Play news in the kitchen",
                    ],
                ),
            ),
        ),
        "Done: early start opens the blinds, heats the bath to 23 °C and plays the news on "
        "weekdays at 6:30.",
    ),
    Turn(
        "How much electricity did we use yesterday, the 23rd?",
        ((call("energy.usage", "used", day="2026-11-23"),),),
        "{used[kwh]} kWh, of which heating took {used[by][heating]} and the kitchen "
        "{used[by][kitchen]}.",
    ),
    Turn(
        "When is power cheapest tonight: at 20, 22 or 24 o'clock?",
        (
            (
                call("energy.price", "at_20", hour=20),
                call("energy.price", "at_22", hour=22),
                call("energy.price", "at_24", hour=24),
            ),
        ),
        "It costs {at_20[cents]} cents at 20, {at_22[cents]} at 22 and {at_24[cents]} at 24 "
        "o'clock.",
    ),
)

NIGHT = (
    Turn(
        "The film is over. Light to 70 percent warm white again, and the blind stays down.",
        (
            (
                call("living_light.set_brightness", percent=70),
                call("living_light.set_color", color="warm white"),
            ),
        ),
        "The living room is at 70 % warm white again.",
    ),
    Turn(
        "Kids are in bed: their light off, their blind down, and set the music to 15.",
        (
            (
                call("kids_light.turn_off"),
                call("kids_blind.set_position", percent=0),
                call("living_speaker.set_volume", percent=15),
            ),
        ),
        "Good night to the children: light off, blind down, and the music at 15 %.",
    ),
    Turn(
        "Is the vacuum done? Send it home otherwise.",
        ((call("vacuum.status"),), (call("vacuum.dock", "home"),)),
        "It was still cleaning, so I sent it home; its battery is at {home[battery]} %.",
    ),
    Turn(
        "How humid is it in the bath and the bedroom?",
        ((call("bath_heating.read", "bath"), call("bedroom_heating.read", "bedroom")),),
        "The bath has {bath[humidity]} % and the bedroom {bedroom[humidity]} %.",
    ),
    Turn(
        "Night temperature of 16.5 in all three rooms please.",
        (tuple(call(f"{name}.set_night_target", celsius=16.5) for name in HEATING),),
        "All three rooms will have 16.5 °C at night.",
    ),
    Turn(
        "Oh, but my mother sleeps in the bedroom, there 18.5 as before.",
        ((call("bedroom_heating.set_night_target", celsius=18.5),),),
        "Of course: 18.5 °C in the bedroom.",
    ),
    Turn(
        "Which blinds are still open?",
        (tuple(call(f"{name}.status") for name in BLINDS),),
        "Only the one in the bedroom is still open.",
        looks=True,
    ),
    Turn(
        "We're going to bed. Everything off: all lights, music, bedroom blind down.",
        (
            (
                *(call(f"{name}.turn_off") for name in LIGHTS),
                call("living_speaker.stop"),
                call("bedroom_blind.set_position", percent=0),
            ),
        ),
        "All lights and the music are off, and the bedroom blind is down.",
    ),
    Turn(
        "Check the doors once more and arm the alarm for the night.",
        (
            (
                call("front_door.status", "front"),
                call("back_door.status", "back"),
                call("alarm.arm", mode="night"),
            ),
        ),
        "Front door locked: {front[locked]}, back door locked: {back[locked]}, and the alarm is "
        "armed for the night.",
    ),
    Turn(
        "Thanks. What was the temperature in the living room in the end?",
        ((call("living_heating.read", "end"),),),
        "It has {end[celsius]} °C, with a target of {end[target]} °C. Good night!",
    ),
)

HOME = GoldSet("home", "Smart home", ROLE, make_world, (ARRIVING + EVENING + NIGHT,))
