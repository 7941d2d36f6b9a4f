#!/usr/bin/env python3
"""Makes the letters A to J of `examples/data/` from Debian's free font packages.

The set is in the spirit of notMNIST: ten classes, 28x28 grey pictures, many typefaces from plain to odd. Every glyph comes
from a font package in Debian's `main` section, and whole families are held back for the test, so a network is tested on
designs that it has never seen.

How to run it (Debian 12, as root because of `apt-get update`; nothing is installed on the system):

    apt-get update
    python3 -m venv /tmp/letters
    /tmp/letters/bin/pip install fonttools==4.68.0 pillow==13.0.0 numpy==2.4.6
    /tmp/letters/bin/python scripts/letters.py

It takes about two minutes, downloads 360 MB into a temporary folder (`--debs FOLDER` keeps the packages for the next run) and
writes `letters.png`, `letters.csv` and `README.md`. The same package versions and the same Python packages give the same
bytes.

The steps, in the order of the file:

1. download the packages and read their licences;
2. walk all faces (.ttf, .otf, .ttc, .pfb) and draw A..J of each;
3. drop faces that cannot be used, and faces with the same pictures as an earlier one;
4. put the faces into families: one family holds all that shares a design, so it also holds clones of other names;
5. keep at most MAX_FACES per family, and give whole families to train or test;
6. write the files.
"""

import argparse
import csv
import hashlib
import io
import logging
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fontTools.t1Lib import T1Font
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image, ImageDraw, ImageFont

LETTERS = "ABCDEFGHIJ"
TILE = 28  # pixels, both sides
INK = 24  # the longer side of a glyph in its tile, pixels
LEVELS = 32  # grey levels that are kept: 32 look the same as 256 and make the file smaller
SEED = "addax letters 1"  # of the split
MAX_FACES = 6  # per family
TEST_SHARE = 0.22  # of the faces; a whole family is added at a time, so the real share is a little larger

# How far two faces are apart: the ink that is in one of them only, as a fraction of the ink that is in either.
SAME = 0.02  # below: the same face in another package or format
TWIN = 0.11  # below: one design under two names (Carlito is Lato), so one family

# ---------------------------------------------------------------------------------------------------------------------------
# What goes in
# ---------------------------------------------------------------------------------------------------------------------------

# Not here: symbol and icon fonts; most fonts of other scripts, because they are large or their Latin letters are those of a
# font that is here; and four collections that mix several known designs under one name and so would join half of all
# families into one (fonts-adf-switzera, fonts-adf-verana, fonts-arkpandora, fonts-bpg-georgian). fonts-joscelyn is a secretary
# hand of the 16th century whose A, E, G and H are other shapes today.
PACKAGES = """
    fonts-3270 fonts-adf-accanthis fonts-adf-baskervald fonts-adf-berenis fonts-adf-gillius fonts-adf-ikarius
    fonts-adf-irianis fonts-adf-libris fonts-adf-mekanus fonts-adf-oldania fonts-adf-romande fonts-adf-solothurn
    fonts-adf-tribun fonts-adf-universalis fonts-aenigma fonts-agave fonts-alee
    fonts-allerta fonts-amiga fonts-anonymous-pro fonts-aoyagi-kouzan-t fonts-aoyagi-soseki fonts-apropal fonts-arapey
    fonts-arundina fonts-atarismall fonts-averia-gwf fonts-averia-sans-gwf fonts-averia-serif-gwf
    fonts-b612 fonts-babelstone-modern fonts-bajaderka fonts-bebas-neue fonts-beteckna fonts-blankenburg
    fonts-breip fonts-bwht fonts-cabin fonts-cabinsketch fonts-cantarell fonts-cardo
    fonts-century-catalogue fonts-cherrybomb fonts-clear-sans fonts-cmu fonts-comfortaa fonts-comic-neue
    fonts-compagnon fonts-courier-prime fonts-croscore fonts-crosextra-caladea fonts-crosextra-carlito
    fonts-dancingscript fonts-dejavu-core fonts-dejavu-extra fonts-dkg-handwriting fonts-dosis fonts-dotgothic16
    fonts-dseg fonts-dustin fonts-ebgaramond fonts-ebgaramond-extra fonts-ecolier-court fonts-elstob fonts-engadget
    fonts-essays1743 fonts-eurofurence fonts-f500 fonts-fantasma fonts-fantasque-sans fonts-fanwood fonts-femkeklaver
    fonts-ferrite-core fonts-firacode fonts-freefont-ttf fonts-gamaliel fonts-gemunu-libre fonts-georgewilliams
    fonts-gfs-artemisia fonts-gfs-didot fonts-gfs-neohellenic fonts-gfs-theokritos fonts-glasstty fonts-gnutypewriter
    fonts-go fonts-gotico-antiqua fonts-goudybookletter fonts-hack fonts-havana fonts-hermit fonts-hosny-amiri
    fonts-hosny-thabit fonts-humor-sans fonts-inconsolata fonts-inter fonts-isabella fonts-jetbrains-mono
    fonts-johnsmith-induni fonts-junction fonts-junicode fonts-jura fonts-karla fonts-karmilla
    fonts-kaushanscript fonts-kiloji fonts-klaudia-berenika fonts-kouzan-mouhitsu fonts-kristi fonts-lato
    fonts-le-murmure fonts-league-mono fonts-league-spartan fonts-leckerli-one fonts-lemonada fonts-levien-museum
    fonts-lg-aboriginal fonts-liberation fonts-liberation2 fonts-lindenhill fonts-linex fonts-linuxlibertine
    fonts-lmodern fonts-lobster fonts-lobstertwo fonts-manchufont fonts-manrope fonts-meera-inimai fonts-millimetre
    fonts-monlam fonts-monofur fonts-monoid fonts-mononoki fonts-mplus fonts-myanmar fonts-nanum fonts-nanum-extra
    fonts-national-park fonts-naver-d2coding fonts-noto-core fonts-noto-mono fonts-ocr-a fonts-ocr-b
    fonts-oflb-asana-math fonts-okolaks fonts-oldstandard fonts-open-sans fonts-opendin fonts-opendyslexic
    fonts-osifont fonts-oxygen fonts-paratype fonts-pc fonts-pc-extra fonts-play fonts-prociono fonts-proggy
    fonts-quattrocento fonts-quicksand fonts-radisnoir fonts-rampart fonts-reggae fonts-rit-sundar fonts-roadgeek
    fonts-roboto-slab fonts-roboto-unhinted fonts-rocknroll fonts-routed-gothic fonts-rufscript fonts-sawarabi-gothic
    fonts-sawarabi-mincho fonts-senamirmir-washra fonts-seto fonts-sil-abyssinica fonts-sil-akatab fonts-sil-alkalami
    fonts-sil-andika fonts-sil-andikanewbasic fonts-sil-annapurna fonts-sil-awami-nastaliq fonts-sil-charis
    fonts-sil-dai-banna fonts-sil-doulos fonts-sil-ezra fonts-sil-galatia fonts-sil-gentium fonts-sil-gentium-basic
    fonts-sil-gentiumplus fonts-sil-harmattan fonts-sil-lateef fonts-sil-mondulkiri fonts-sil-mondulkiri-extra
    fonts-sil-padauk fonts-sil-scheherazade fonts-sil-sophia-nubian fonts-sixtyfour fonts-sjfonts
    fonts-smc-anjalioldlipi fonts-smc-chilanka fonts-smc-dyuthi fonts-smc-gayathri fonts-smc-karumbi
    fonts-smc-keraleeyam fonts-smc-manjari fonts-smc-meera fonts-smc-rachana fonts-smc-suruma fonts-smc-uroob
    fonts-smiley-sans fonts-solide-mirage fonts-sora fonts-staypuft fonts-stick fonts-stix fonts-summersby
    fonts-teluguvijayam fonts-texgyre fonts-tiresias fonts-tlwg-garuda-ttf fonts-tlwg-kinnari-ttf
    fonts-tlwg-laksaman-ttf fonts-tlwg-loma-ttf fonts-tlwg-mono-ttf fonts-tlwg-norasi-ttf fonts-tlwg-purisa-ttf
    fonts-tlwg-sawasdee-ttf fonts-tlwg-typewriter-ttf fonts-tlwg-typist-ttf fonts-tlwg-typo-ttf
    fonts-tlwg-umpush-ttf fonts-tlwg-waree-ttf fonts-tomsontalks fonts-train fonts-triod-postnaja fonts-tuffy
    fonts-ubuntu-title fonts-uralic fonts-urw-base35 fonts-vollkorn fonts-woowa-bm fonts-yanone-kaffeesatz
    fonts-yrsa-rasa fonts-yusei-magic t1-teams ttf-bitstream-vera xfonts-scalable
""".split()

# Licences read by hand: copyright files in the old free form, and files whose `Files: *` part is not about the fonts.
LICENCES = {
    "fonts-3270": "BSD-3-Clause or OFL-1.1",
    "fonts-aenigma": "Kent-permission",
    "fonts-arundina": "Bitstream-Vera",
    "fonts-atarismall": "Fine-permission",
    "fonts-dkg-handwriting": "OFL-1.1",
    "fonts-dustin": "GPL-2",
    "fonts-freefont-ttf": "GPL-3+ with font exception",
    "fonts-hermit": "OFL-1.1",
    "fonts-inconsolata": "OFL-1.0",
    "fonts-lg-aboriginal": "GPL-3 with font exception",
    "fonts-liberation": "GPL-2 with font exception",
    "fonts-linex": "GPL-2+",
    "fonts-lmodern": "GUST-Font-License",
    "fonts-myanmar": "OFL-1.1",
    "fonts-ocr-a": "public domain",
    "fonts-play": "OFL-1.1",
    "fonts-proggy": "MIT",
    "fonts-sjfonts": "GPL-2 with font exception",
    "fonts-texgyre": "GUST-Font-License",
    "t1-teams": "MIT",
    "xfonts-scalable": "Bitstream-Charter",
}
for _name in "anjalioldlipi chilanka gayathri karumbi keraleeyam manjari uroob".split():
    LICENCES[f"fonts-smc-{_name}"] = "OFL-1.1"
for _name in "dyuthi meera rachana".split():
    LICENCES[f"fonts-smc-{_name}"] = "GPL-3+ with font exception or OFL-1.1"
LICENCES["fonts-smc-suruma"] = "GPL-3+ with font exception"
for _name in "garuda kinnari laksaman loma mono norasi purisa sawasdee typewriter typist typo umpush waree".split():
    LICENCES[f"fonts-tlwg-{_name}-ttf"] = "GPL-2+ with font exception"

# One spelling for one licence. A pattern is matched against the whole name.
LICENCE_NAMES = [
    (r"(SIL[- _]?)?(OFL|Open[ _]Font[ _]License)?[-_, ]*(Version )?(1\.1)?(-RFN)?( – 26 February 2007)?", "OFL-1.1"),
    (r"Open Font License 1\.0", "OFL-1.0"),
    (r"(L?GPL)-([23])(\+?)(?:FE| \+ Font Exception|FontException|_with-font-exception| with Font exception)",
     r"\1-\2\3 with font exception"),
    (r"(L?GPL)-([23])-only\+FE", r"\1-\2 with font exception"),
    (r"AGPL-3 with Font exception", "AGPL-3 with font exception"),
    (r"(?:GNU-)?GPL-(\d)(?:\.0)?(\+?)", r"GPL-\1\2"),
    (r"Apache-2(\.0)?", "Apache-2.0"),
    (r"BSD-3-clause", "BSD-3-Clause"),
    (r"CC-BY-SA-(\d)(?:\.0)?(?:-Int)?", r"CC-BY-SA-\1.0"),
    (r"public-domain", "public domain"),
    (r"Expat", "MIT"),
    (r"bitstream-?vera|Bitstream-Vera-Copyright|Bitstream", "Bitstream-Vera"),
]

# Clones, and names that the rules of `stem` do not bring together. All faces whose "family style" matches go into the family
# named on the left; the first match counts. Where two designs only look alike, they are in one family too: it costs a few
# faces and keeps the test honest.
CLONES = [
    ("Helvetica and Arial clones",
     r"(Liberation|Nimbus|Free) ?Sans|Arimo|TeX Gyre Heros|IndUni-H|Garuda|Umpush|Sans (Condensed )?Uralic"),
    ("Times clones",
     r"Liberation Serif|FreeSerif|Nimbus Roman|Tinos|TeX Gyre Termes|IndUni-T|Roman Uralic|STIX|Norasi|Kinnari|Doulos"),
    ("Courier clones",
     r"FreeMono|Nimbus Mono|TeX Gyre Cursor|IndUni-C|Mono Uralic|Courier|Tlwg ?(Mono|Typewriter|Typist|Typo)|Thabit"),
    ("Palatino clones", r"P052|TeX Gyre Pagella|IndUni-P|Palladio|Asana"),
    ("Century Schoolbook clones", r"C059|TeX Gyre Schola|IndUni-N|Schoolbook"),
    ("Avant Garde clones", r"URW Gothic|TeX Gyre Adventor|Gothic Uralic"),
    ("Bookman clones", r"URW Bookman|TeX Gyre Bonum|Bookman Uralic"),
    ("Zapf Chancery clones", r"Z003|TeX Gyre Chorus|Chancery Uralic"),
    ("Liberation Mono", r"Liberation Mono|Cousine"),
    ("Vera and DejaVu", r"(Bitstream )?Vera\b|DejaVu|Arundina|Waree|Hack\b"),
    ("Computer Modern", r"CMU|Latin Modern"),
    ("Droid, Open and Noto Sans", r"Noto|Open Sans|Clear Sans"),
    ("Charter, Gentium and SIL serifs",
     r"Gentium|Charis|Bitstream Charter|Khmer (Mondulkiri|Busra)|Abyssinica|Scheherazade|Annapurna|"
     r"Tai Heritage|Dai Banna|Ezra|Galatia|Awami|Lateef|Alkalami|Aboriginal"),
    ("Andika and SIL sans", r"Andika|Akatab|Mingzat|Padauk|Harmattan|Pyidaungsu|Sophia Nubian"),
    ("Eurofurence", r"eurofurence|unifur|monofur"),
    ("Linux Libertine", r"Linux (Libertine|Biolinum)"),
    ("M Plus", r"M ?PLUS"),
    ("Nanum Gothic", r"NanumGothic|NanumBarunGothic|NanumSquare|D2Coding"),
    ("Nanum Myeongjo", r"NanumMyeongjo"),
    ("Karla", r"Karla|Karmilla"),
    ("Museum", r"Museum"),
    ("Elstob and Junicode", r"Elstob|Junicode"),
    ("Mini Kaliber BRK", r"(Mini )?Kaliber"),
    ("PC ROM letters", r"Px |Amiga|IBM 3270|C-64|Atari|Glass TTY|Proggy"),
    ("PT Sans", r"PT (Sans|Mono)"),
    ("PT Serif", r"PT Serif"),
    ("Yrsa and Rasa", r"Yrsa|Rasa"),
]
# Families whose faces differ in more than the words of STYLES: all names that start so.
CLONES += [(name, re.escape(name)) for name in (
    "Abecedario", "Averia", "Because We", "Beteckna", "BM HANNA", "Cabin", "Compagnon", "DSEG", "Fantasque", "Gillius",
    "Kouzan", "League Mono", "Lobster", "OCRA", "OpenDyslexic", "Roadgeek", "Roboto", "Romande", "Routed Gothic", "Tiresias",
    "kiloji",
)]

# Faces that are left out after a look at their pictures: (pattern of "family style", reason).
EXCLUDED = [
    (r"D050000L|Faux Snow|Line Dings|Head-Ding|Symmetry|Bit Blocks|90 Stars", "ornaments instead of letters"),
    (r"Standard Symbols|Ellhnikh|Alfa-beta", "Greek letters in the places of A to J"),
    (r"Monlam Uni Dutsa", "shifted: shows C to L"),
    (r"Binary (X )?(01s )?BRK", "digits of the letter's code; the letter is missing or tiny"),
    (r"Entangled Layer|DB Layer", "one layer of a letter that is printed in several colours"),
    (r"3D LET|Qbicle", "cubes; nobody reads the letter without knowing it"),
    (r"Graze|Nucleus|Pindown (X )?BRK|Zurklez", "nobody reads the letters without knowing them"),
    (r"Tearful|Snailets", "the letter is a few pixels in a picture"),
    (r"Vertigo (2 )?BRK", "lies on its side"),
    (r"Abecedario_(punt-)?pautada", "ruled lines of an exercise book are part of each glyph"),
]

# Words of a name that say a style and not a design.
STYLES = set("""
    thin hairline extralight ultralight light semilight demilight book regular normal roman plain text medium semibold demi
    demibold bold extrabold ultrabold heavy black fat italic italics oblique slant slanted upright backslanted condensed
    cond semicondensed extracondensed compressed narrow extended expanded wide normalwidth mono monospace monospaced
    propo code latin caps smallcaps sc small titling title display caption headline initials swash alt alternate style
    sans serif slab std pro otf ttf tt no no2 no3 one two beta outline solid shadow core math tiny y
""".split())


@dataclass
class Face:
    name: str  # family and style, as the font says them
    family: str
    package: str
    version: str
    licence: str
    tiles: np.ndarray  # (10, 28, 28), uint8
    split: str = ""


# ---------------------------------------------------------------------------------------------------------------------------
# 1. Packages
# ---------------------------------------------------------------------------------------------------------------------------


def download(folder: Path) -> None:
    """Downloads the packages that `folder` does not hold yet."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [package for package in PACKAGES if not list(folder.glob(f"{package}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *missing], cwd=folder, check=True)


def unpack(deb: Path, folder: Path) -> tuple[str, str]:
    """Unpacks a package, checks that it is in `main`, and gives its version and the licence of its fonts."""
    fields = subprocess.check_output(["dpkg-deb", "-f", deb, "Package", "Version", "Section"], text=True)
    field = dict(line.split(": ", 1) for line in fields.splitlines())
    if "/" in field["Section"]:  # `non-free/fonts`; packages of main have no prefix
        raise SystemExit(f"{deb.name} is in section {field['Section']}, not in main")
    subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    package = field["Package"]
    return field["Version"], licence(package, (folder / "usr/share/doc" / package / "copyright").read_text("utf-8", "replace"))


def licence(package: str, copyright: str) -> str:
    """The short name of the licence: by hand, or of the part `Files: *`, or the OFL if the free text holds it."""
    if package in LICENCES:
        return LICENCES[package]
    part = re.search(r"^Format: .*?^Files: *\n? *\*.*?^License: *([^\n]+)", copyright, re.M | re.S)
    if part:
        names = re.split(r"( or | and )", part[1].strip())
        for place in range(0, len(names), 2):  # between the names are the words
            for pattern, spelling in LICENCE_NAMES:
                match = re.fullmatch(pattern, names[place], re.I)
                if match:
                    names[place] = match.expand(spelling)
                    break
        return "".join(names)
    if re.search(r"SIL OPEN FONT LICENSE", copyright, re.I):
        return "OFL-1.1"
    raise SystemExit(f"{package}: read its copyright file and add the licence to LICENCES")


# ---------------------------------------------------------------------------------------------------------------------------
# 2. Faces
# ---------------------------------------------------------------------------------------------------------------------------


def faces_of(folder: Path):
    """Gives (file, index, family, style) of every face in `folder` that maps A..J and has outlines."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        ending = path.suffix.lower()
        if ending == ".pfb":
            font = T1Font(str(path))
            font.parse()
            info = font.font["FontInfo"]
            if set(LETTERS) <= set(font.font["CharStrings"]):
                family, full = str(info["FamilyName"]), str(info["FullName"])
                yield path, 0, family, full.removeprefix(family).strip()
            continue
        if ending not in (".ttf", ".otf", ".ttc"):
            continue
        fonts = TTCollection(path, lazy=True).fonts if ending == ".ttc" else [TTFont(path, lazy=True)]
        for index, font in enumerate(fonts):
            try:
                letters = font.getBestCmap() or {}  # None in a symbol font
                outlines = any(table in font for table in ("glyf", "CFF ", "CFF2"))
                usable = outlines and all(letters.get(ord(letter), ".notdef") != ".notdef" for letter in LETTERS)
                names = font["name"]
                family, style = names.getBestFamilyName(), names.getBestSubFamilyName()
            except Exception as error:  # a broken table: the face cannot be used
                logging.warning("%s: %s", path.name, error)
                continue
            if usable and family:
                yield path, index, clean(family), clean(style or "")


def clean(name: str) -> str:
    return re.sub(r"\s+", " ", "".join(char for char in name if char.isprintable())).strip()


def draw(path: Path, index: int) -> np.ndarray | None:
    """Draws A..J, or gives None if a letter is empty."""
    tiles = []
    for letter in LETTERS:
        size = 256
        for _ in range(4):  # fonts fill their em very differently: aim at about 400 pixels of ink
            font = ImageFont.truetype(str(path), size, index=index, layout_engine=ImageFont.Layout.BASIC)
            left, top, right, bottom = font.getbbox(letter)
            longest = max(right - left, bottom - top)
            if longest <= 0:
                return None
            if 200 <= longest <= 800:
                break
            size = max(8, min(20_000, round(size * 400 / longest)))
        large = Image.new("L", (right - left + 4, bottom - top + 4))
        ImageDraw.Draw(large).text((2 - left, 2 - top), letter, font=font, fill=255)
        box = large.getbbox()
        if box is None:
            return None
        large = large.crop(box)
        scale = INK / max(large.size)
        small = large.resize([max(1, round(side * scale)) for side in large.size], Image.Resampling.BOX)
        tile = Image.new("L", (TILE, TILE))
        tile.paste(small, ((TILE - small.width) // 2, (TILE - small.height) // 2))
        tiles.append(np.asarray(tile))
    levels = np.round(np.stack(tiles) / 255 * (LEVELS - 1))
    return np.round(levels / (LEVELS - 1) * 255).astype(np.uint8)


# ---------------------------------------------------------------------------------------------------------------------------
# 3 and 4. Duplicates and families
# ---------------------------------------------------------------------------------------------------------------------------


def stem(family: str, style: str) -> str:
    """The name of the design: `CLONES`, or the family's name without the words that say a style."""
    for name, pattern in CLONES:
        if re.match(pattern, f"{family} {style}", re.I):
            return name
    if re.search(r"\bBRK\b", family):  # Kent's names: the first word says the design
        words = [word for word in family.split() if word not in ("BRK", "TT")]
        return " ".join(words[: 2 if len(words[0]) < 3 else 1]) + " BRK"
    words = re.split(r"[ _-]+", family)
    kept = [words[0]] + [word for word in words[1:] if word.lower() not in STYLES and not word.isdigit()]
    return " ".join(kept)


def distances(faces: list[Face]) -> np.ndarray:
    """How far every two faces are apart, 0 to 1, (faces, faces)."""
    ink = np.stack([face.tiles.ravel() for face in faces])
    rows = []
    for row in ink:
        either = np.maximum(ink, row).sum(axis=1, dtype=np.int64)
        both = np.minimum(ink, row).sum(axis=1, dtype=np.int64)
        rows.append(1 - both / either)
    return np.stack(rows)


def drop_duplicates(faces: list[Face]) -> list[Face]:
    apart = distances(faces)
    kept: list[int] = []
    for index in range(len(faces)):
        if not kept or apart[index, kept].min() > SAME:
            kept.append(index)
    return [faces[index] for index in kept]


def merge_twins(faces: list[Face]) -> list[tuple[str, str, str, str, float]]:
    """Puts two families into one if a face of one is a twin of a face of the other; gives what it did."""
    apart = distances(faces)
    parent = {face.family: face.family for face in faces}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    merged = []
    for a, b in np.argwhere(np.triu(apart < TWIN, 1)):
        pair = sorted((root(faces[a].family), root(faces[b].family)), key=lambda name: (not named(name), name))
        if pair[0] != pair[1]:
            parent[pair[1]] = pair[0]
            merged.append((pair[0], pair[1], faces[a].name, faces[b].name, round(float(apart[a, b]), 3)))
    for face in faces:
        face.family = root(face.family)
    return merged


def named(family: str) -> bool:
    return any(family == name for name, _ in CLONES)


# ---------------------------------------------------------------------------------------------------------------------------
# 5. Which faces, and which side
# ---------------------------------------------------------------------------------------------------------------------------


def key(text: str) -> str:
    return hashlib.sha256(f"{SEED}/{text}".encode()).hexdigest()


def thin_out(faces: list[Face]) -> list[Face]:
    """Keeps at most MAX_FACES of each family: one by the hash, then always the one that is least like those kept."""
    families = defaultdict(list)
    for face in faces:
        families[face.family].append(face)
    kept = []
    for members in families.values():
        members.sort(key=lambda face: key(face.name + face.package))
        apart = distances(members)
        chosen = [0]
        while len(chosen) < min(MAX_FACES, len(members)):
            chosen.append(int(apart[chosen].min(axis=0).argmax()))
        kept += [members[index] for index in chosen]
    return kept


def split(faces: list[Face]) -> None:
    """Whole families go to the test, in the order of their hash, until it has its share."""
    sizes = Counter(face.family for face in faces)
    test, families = 0, set()
    for family in sorted(sizes, key=key):
        if test >= TEST_SHARE * len(faces):
            break
        families.add(family)
        test += sizes[family]
    for face in faces:
        face.split = "test" if face.family in families else "train"


# ---------------------------------------------------------------------------------------------------------------------------
# 6. Files
# ---------------------------------------------------------------------------------------------------------------------------

README = """\
# Letters

The letters A to J of {faces} typefaces: {pictures} grey pictures of 28x28 pixels, in the spirit of notMNIST. A network that is
trained on them meets designs in the test that it has never seen.

|       | faces | families | pictures |
|-------|------:|---------:|---------:|
| train | {train[0]} | {train[1]} | {train[2]} |
| test  | {test[0]} | {test[1]} | {test[2]} |
| all   | {faces} | {families} | {pictures} |

- `letters.png`: 8-bit grey, 280 pixels wide. One row of ten tiles A..J per face; ink is 255, paper is 0. The longer side of
  each glyph is 24 pixels, and the glyph is in the middle of its tile. {levels} grey levels are in use.
- `letters.csv`: one line per row of the picture, in its order: `split,family,face,package,version,licence`.

All faces of one family are on one side of the split, and a family here is wide: it takes in weights, widths, italics and
clones of other names (Arimo and Nimbus Sans are one family). A family has {max_faces} faces at most.

## How it was made

On Debian 12, from font packages of the section `main`:

```sh
apt-get update
python3 -m venv /tmp/letters
/tmp/letters/bin/pip install fonttools==4.68.0 pillow==13.0.0 numpy==2.4.6
/tmp/letters/bin/python scripts/letters.py
```

The script says which faces it leaves out and why.

## Licences

The pictures are renderings of fonts under the free licences below. The fonts themselves are not here. The full texts are in
`/usr/share/doc/PACKAGE/copyright` of each package. Kent-permission is by Brian Kent (aenigmafonts.com), in an e-mail to
Debian: use, change and pass on, with his name.

| package | version | faces | licence |
|---------|---------|------:|---------|
{packages}
"""


def write(faces: list[Face], folder: Path) -> None:
    faces.sort(key=lambda face: (face.split != "train", face.family.lower(), face.name.lower(), face.package))
    folder.mkdir(parents=True, exist_ok=True)

    sheet = np.concatenate([np.concatenate(list(face.tiles), axis=1) for face in faces])
    Image.fromarray(sheet, "L").save(folder / "letters.png", optimize=True, compress_level=9)

    text = io.StringIO()
    rows = csv.writer(text)  # RFC 4180: quotes only where they are needed, lines end in CRLF
    rows.writerow(["split", "family", "face", "package", "version", "licence"])
    rows.writerows([face.split, face.family, face.name, face.package, face.version, face.licence] for face in faces)
    (folder / "letters.csv").write_bytes(text.getvalue().encode())

    def counts(part: str) -> tuple[int, int, int]:
        chosen = [face for face in faces if face.split == part]
        return len(chosen), len({face.family for face in chosen}), 10 * len(chosen)

    packages = Counter((face.package, face.version, face.licence) for face in faces)
    lines = [f"| {name} | {version} | {number} | {terms} |" for (name, version, terms), number in sorted(packages.items())]
    (folder / "README.md").write_text(
        README.format(
            faces=len(faces), pictures=10 * len(faces), families=len({face.family for face in faces}), train=counts("train"),
            test=counts("test"), levels=LEVELS, max_faces=MAX_FACES, packages="\n".join(lines),
        )
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description="Makes the letters A to J from Debian's free font packages.")
    arguments.add_argument("--debs", type=Path, help="folder of the downloaded packages (default: a temporary one)")
    arguments.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "examples/data", help="result folder")
    arguments.add_argument("--verbose", action="store_true", help="say which faces and families were dropped or merged")
    options = arguments.parse_args()
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(message)s")
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)

    faces = []
    dropped = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        debs = (options.debs or Path(temporary) / "debs").resolve()
        download(debs)
        for package in PACKAGES:
            (deb,) = debs.glob(f"{package}_*.deb")
            folder = Path(temporary) / package
            version, terms = unpack(deb, folder)
            found = 0
            for path, index, family, style in faces_of(folder):
                name = family if style.lower() in ("", "regular") else f"{family} {style}"
                if any(re.match(pattern, name) for pattern, _ in EXCLUDED):
                    dropped["excluded by hand"] += 1
                    continue
                tiles = draw(path, index)
                if tiles is None:
                    dropped["a letter is empty"] += 1
                elif len({tile.tobytes() for tile in tiles}) < len(LETTERS):
                    dropped["two letters are the same"] += 1
                    logging.info("two letters are the same: %s", name)
                else:
                    faces.append(Face(name, stem(family, style), package, version, terms, tiles))
                    found += 1
            if not found:
                logging.warning("%s gives no face", package)

    unique = drop_duplicates(faces)
    dropped["duplicate"] = len(faces) - len(unique)
    for kept, gone, a, b, apart in merge_twins(unique):
        logging.info("one design: %s takes in %s (%s, %s: %s)", kept, gone, a, b, apart)
    chosen = thin_out(unique)
    dropped[f"more than {MAX_FACES} of one family"] = len(unique) - len(chosen)
    split(chosen)
    write(chosen, options.out)
    for reason, number in sorted(dropped.items()):
        print(f"left out, {reason}: {number}")
    print(f"{len(chosen)} faces in {options.out}")


if __name__ == "__main__":
    main()
