"""Escapes: attributes read in strings, in patterns and from exceptions."""

from tests.security.corpus.records import Escape, Goal

FORMAT = "attribute walks in format strings"
HANDED_OVER = "objects that exceptions hand over"
MATCH = "attributes read by match patterns"

CELLS = (
    Escape(
        "format-globals",
        FORMAT,
        Goal.READ_HOST,
        "print('{0.__globals__[API_KEY]}'.format(refund))",
    ),
    Escape(
        "format-to-the-vault",
        FORMAT,
        Goal.READ_HOST,
        "print('{lamp.set.__func__.__globals__[VAULT].key}'.format(lamp=light))",
    ),
    Escape(
        "format-environment",
        FORMAT,
        Goal.READ_HOST,
        "import random\nprint('{0._os.environ[SHOP_TOKEN]}'.format(random))",
    ),
    Escape(
        "format-map",
        FORMAT,
        Goal.READ_HOST,
        "print('{f.__globals__[API_KEY]}'.format_map({'f': price_of}))",
    ),
    Escape(
        "format-unbound",
        FORMAT,
        Goal.READ_HOST,
        "print(*map(str.format, ['{0.__globals__[API_KEY]}'], [price_of]))",
    ),
    Escape(
        "format-joined",
        FORMAT,
        Goal.READ_HOST,
        """
field = "__".join(["{0.", "globals", "[API_KEY]}"])
print(getattr(field, "for" + "mat")(price_of))
""",
    ),
    Escape(
        "formatter-field",
        FORMAT,
        Goal.RUN_PROCESS,
        """
from string import Formatter
function, _ = Formatter().get_field("0._os.system", (__import__("random"),), {})
function("$PROGRAM")
""",
    ),
    Escape(
        "formatter-of-its-own",
        FORMAT,
        Goal.RUN_PROCESS,
        """
import random, string

class Caller(string.Formatter):
    def format_field(self, value, spec):
        return str(value(spec))

Caller().format("{0._os.system:$PROGRAM}", random)
""",
    ),
    Escape(
        "log-style",
        FORMAT,
        Goal.READ_HOST,
        """
import logging
style = logging.StrFormatStyle("{tool.__globals__[API_KEY]}")
print(style.format(logging.makeLogRecord({"tool": price_of})))
""",
    ),
    Escape(
        "table-format",
        FORMAT,
        Goal.READ_HOST,
        """
import pandas as pd
tools = pd.DataFrame({"tool": [price_of]}, dtype=object)
print(tools.to_string(formatters={"tool": "{0.__globals__[API_KEY]}".format}))
""",
    ),
    Escape(
        "object-of-an-attribute-error",
        HANDED_OVER,
        Goal.RUN_PROCESS,
        """
import random
try:
    "{0._os.system.nothing}".format(random)
except AttributeError as error:
    error.obj("$PROGRAM")
""",
    ),
    Escape(
        "object-of-a-nested-walk",
        HANDED_OVER,
        Goal.READ_HOST,
        """
try:
    "{0.set.__func__.__globals__[VAULT].nothing}".format(light)
except AttributeError as error:
    print(error.obj.key)
""",
    ),
    Escape(
        "object-behind-a-builtin",
        HANDED_OVER,
        Goal.READ_FILE,
        """
try:
    "{load.__self__.open.x}".format(load=print)
except AttributeError as error:
    print(error.obj("$CANARY").read())
""",
    ),
    Escape(
        "object-that-is-a-namespace",
        HANDED_OVER,
        Goal.READ_HOST,
        """
try:
    "{0.__globals__.nothing}".format(price_of)
except AttributeError as error:
    answer = {**error.obj}["API_KEY"]
""",
    ),
    Escape(
        "object-in-an-own-exception",
        HANDED_OVER,
        Goal.READ_FILE,
        """
import string

class Catch(Exception): ...

class Thief(string.Formatter):
    def convert_field(self, value, conversion):
        raise Catch(value)

try:
    Thief().format("{0.__self__.open}", print)
except Catch as caught:
    print(caught.args[0]("$CANARY").read())
""",
    ),
    Escape(
        "match-self",
        MATCH,
        Goal.READ_FILE,
        """
match print:
    case object(__self__=tools):
        pass
match tools:
    case object(open=load):
        print(load("$CANARY").read())
""",
    ),
    Escape(
        "match-globals",
        MATCH,
        Goal.READ_HOST,
        """
match refund:
    case object(__globals__={"API_KEY": key}):
        print(key)
""",
    ),
    Escape(
        "match-nested",
        MATCH,
        Goal.RUN_PROCESS,
        """
import random
match random:
    case object(_os=object(system=call)):
        call("$PROGRAM")
""",
    ),
    Escape(
        "match-positions",
        MATCH,
        Goal.READ_HOST,
        """
class Anything(type):
    def __instancecheck__(cls, instance):
        return True

class Thing(metaclass=Anything):
    __match_args__ = ("__closure__",)

match refund:
    case Thing((cell,)):
        print(cell.cell_contents)
""",
    ),
    Escape(
        "match-computed-positions",
        MATCH,
        Goal.READ_HOST,
        """
class Any_(type):
    def __instancecheck__(cls, instance):
        return True

Thing = Any_("Thing", (), {"__match_args__": ("_".join(["", "", "globals", "", ""]),)})
match price_of:
    case Thing({"VAULT": vault}):
        print(vault.key)
""",
    ),
    Escape(
        "match-in-a-loop",
        MATCH,
        Goal.READ_HOST,
        """
for thing in (light, light.set):
    match thing:
        case object(__func__=object(__globals__={"RATES": _, **rest})):
            print(rest["API_KEY"])
""",
    ),
    Escape(
        "match-positions-named-in-parts",
        MATCH,
        Goal.READ_HOST,
        """
class Anything(type):
    def __instancecheck__(cls, instance):
        return True

names = {"".join(["__match", "_args__"]): ("".join(["__glob", "als__"]),)}
Thing = Anything("Thing", (), names)
match price_of:
    case Thing(table):
        print(table["API_KEY"])
""",
    ),
    Escape(
        "match-inside-a-list",
        MATCH,
        Goal.READ_FILE,
        """
import pathlib

class Anything(type):
    def __instancecheck__(cls, instance):
        return True

class Thing(metaclass=Anything): ...

match [pathlib]:
    case [Thing(Path=path)]:
        print(path("$CANARY").read_text())
""",
    ),
    Escape(
        "pattern-value-walk",
        MATCH,
        Goal.READ_HOST,
        """
import pandas as pd
class Takes:
    def __eq__(self, other):
        self.got = other
        return False
takes = Takes()
match takes:
    case pd.io.common.os.environ:
        pass
print(takes.got["SHOP_TOKEN"])
""",
    ),
    Escape(
        "pattern-on-a-method",
        MATCH,
        Goal.READ_HOST,
        """
import pandas as pd
df = pd.DataFrame({"a": [1]})
match df:
    case pd.DataFrame(eval=run):
        walk = "".join(["@f.__glo", "bals__['API_KEY']"])
        print(run(walk, local_dict={"f": price_of}, engine="python"))
""",
    ),
)
