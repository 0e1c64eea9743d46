"""Escapes: files, by the many tools that there are for them."""

from tests.security.corpus.records import Escape, Goal

FILES = "files with the standard library"
DATA_FILES = "files with data libraries"

CELLS = (
    Escape("open", FILES, Goal.READ_FILE, "with open('$CANARY') as file:\n    print(file.read())"),
    Escape("open-for-writing", FILES, Goal.WRITE_FILE, "print('x', file=open('$TARGET', 'w'))"),
    Escape(
        "io-open",
        FILES,
        Goal.READ_FILE,
        "from io import open as load\nprint(load('$CANARY').read())",
    ),
    Escape("file-io", FILES, Goal.WRITE_FILE, "import io\nio.FileIO('$TARGET', 'w').close()"),
    Escape(
        "pathlib",
        FILES,
        Goal.READ_FILE,
        "from pathlib import Path\nprint(Path('$CANARY').read_text())",
    ),
    Escape(
        "pathlib-touch", FILES, Goal.WRITE_FILE, "import pathlib\npathlib.Path('$TARGET').touch()"
    ),
    Escape(
        "codecs-open",
        FILES,
        Goal.WRITE_FILE,
        "import codecs\ncodecs.open('$TARGET', 'w', 'utf-8').close()",
    ),
    Escape(
        "file-input",
        FILES,
        Goal.READ_FILE,
        "import fileinput\nprint(*fileinput.input('$CANARY'))",
    ),
    Escape(
        "line-cache",
        FILES,
        Goal.READ_FILE,
        "import linecache\nprint(linecache.getlines('$CANARY'))",
    ),
    Escape(
        "bare-descriptor",
        FILES,
        Goal.READ_FILE,
        "import posix\nprint(posix.read(posix.open('$CANARY', 0), 99))",
    ),
    Escape(
        "copied-by-shutil",
        FILES,
        Goal.WRITE_FILE,
        "import shutil\nshutil.copyfile('$CANARY', '$TARGET')",
    ),
    Escape(
        "configuration-parser",
        FILES,
        Goal.READ_FILE,
        """
import configparser
try:
    configparser.ConfigParser().read("$CANARY")
except configparser.Error as error:
    print(error)
""",
    ),
    Escape(
        "database",
        FILES,
        Goal.WRITE_FILE,
        "import sqlite3\nsqlite3.connect('$TARGET').execute('create table t (x)')",
    ),
    Escape(
        "archive",
        FILES,
        Goal.READ_FILE,
        """
import io, tarfile
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w") as archive:
    archive.add("$CANARY", "copy")
print(buffer.getvalue().decode("latin-1"))
""",
    ),
    Escape(
        "log-file",
        FILES,
        Goal.WRITE_FILE,
        "import logging\nlogging.getLogger('x').addHandler(logging.FileHandler('$TARGET'))",
    ),
    Escape(
        "compressed",
        FILES,
        Goal.WRITE_FILE,
        "import gzip\nwith gzip.open('$TARGET', 'wt') as file:\n    file.write('x')",
    ),
    Escape(
        "file-address",
        FILES,
        Goal.READ_FILE,
        "from urllib.request import urlopen\nprint(urlopen('file://$CANARY').read())",
    ),
    Escape(
        "temporary-file",
        FILES,
        Goal.WRITE_FILE,
        """
import tempfile
with tempfile.NamedTemporaryFile(delete=False) as file:
    file.write(b"x")
tempfile._os.link(file.name, "$TARGET")
""",
    ),
    Escape(
        "memory-map",
        FILES,
        Goal.READ_FILE,
        """
import mmap
with open("$CANARY") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
    print(view[:])
""",
    ),
    Escape(
        "array-to-file",
        DATA_FILES,
        Goal.WRITE_FILE,
        "import numpy as np\nnp.zeros(3).tofile('$TARGET')",
    ),
    Escape(
        "array-from-file",
        DATA_FILES,
        Goal.READ_FILE,
        "import numpy as np\nprint(np.fromfile('$CANARY', dtype='S1').tobytes())",
    ),
    Escape(
        "memory-mapped-array",
        DATA_FILES,
        Goal.READ_FILE,
        "import numpy as np\nprint(bytes(np.memmap('$CANARY', mode='r')))",
    ),
    Escape(
        "load-text",
        DATA_FILES,
        Goal.READ_FILE,
        "import numpy as np\nprint(np.genfromtxt('$CANARY', dtype=str))",
    ),
    Escape(
        "save-text", DATA_FILES, Goal.WRITE_FILE, "import numpy as np\nnp.savetxt('$TARGET', [1])"
    ),
    Escape(
        "data-source",
        DATA_FILES,
        Goal.READ_FILE,
        "import numpy as np\nprint(np.lib.npyio.DataSource(None).open('$CANARY').read())",
    ),
    Escape(
        "table-from-file",
        DATA_FILES,
        Goal.READ_FILE,
        "import pandas as pd\nprint(pd.read_csv('$CANARY'))",
    ),
    Escape(
        "read-fixed-width",
        DATA_FILES,
        Goal.READ_FILE,
        "import pandas as pd\nprint(pd.read_fwf('file://$CANARY').columns[0])",
    ),
    Escape(
        "to-csv",
        DATA_FILES,
        Goal.WRITE_FILE,
        "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('$TARGET')",
    ),
    Escape(
        "to-html",
        DATA_FILES,
        Goal.WRITE_FILE,
        "import pandas as pd\npd.DataFrame({'a': [1]}).to_html('$TARGET')",
    ),
    Escape(
        "to-string",
        DATA_FILES,
        Goal.WRITE_FILE,
        "import pandas as pd\npd.Series([1]).to_string('$TARGET')",
    ),
    Escape(
        "to-typst",
        DATA_FILES,
        Goal.WRITE_FILE,
        """
import pandas as pd
style = pd.DataFrame({"a": [1]}).style
try:
    style.to_typst("$TARGET")
except AttributeError:  # before pandas 3
    style.to_html("$TARGET")
""",
    ),
    Escape(
        "settings-of-a-context",
        DATA_FILES,
        Goal.READ_FILE,
        """
import matplotlib
with matplotlib.rc_context(fname="$CANARY"):
    pass
""",
    ),
    Escape(
        "style-of-a-context",
        DATA_FILES,
        Goal.READ_FILE,
        """
import matplotlib.style
with matplotlib.style.context("$CANARY"):
    pass
""",
    ),
    Escape(
        "pandas-handle",
        DATA_FILES,
        Goal.READ_FILE,
        "import pandas as pd\nprint(pd.io.common.get_handle('$CANARY', 'r').handle.read())",
    ),
    Escape(
        "save-a-figure",
        DATA_FILES,
        Goal.WRITE_FILE,
        """
import matplotlib.pyplot as plt
plt.figure(figsize=(1, 1)).savefig("$TARGET", format="svg")
""",
    ),
    Escape(
        "save-an-image",
        DATA_FILES,
        Goal.WRITE_FILE,
        "import matplotlib.image as im\nim.imsave('$TARGET', [[0.0, 1.0]], format='png')",
    ),
    Escape(
        "template-file-of-a-style",
        DATA_FILES,
        Goal.READ_FILE,
        """
import pandas as pd
S = type(pd.DataFrame({"a": [1]}).style).from_custom_template("/", "$CANARY"[1:])
print(S(pd.DataFrame({"a": [1]})).to_html())
""",
    ),
)
