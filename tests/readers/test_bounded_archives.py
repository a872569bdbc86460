"""Archives that unpack to more than they may: nothing of that is unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable

import pytest

import rf_viz
from rf_viz.readers.bounded import TooLargeError, names_in_archive, open_tar

PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
LARGE = 2**35


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """An entry that says how long it is, without what it holds."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


SMALL = header("m/saved_model.pb", 2) + b"\x08\x01" + bytes(510)


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(content, name)
    return str(caught.value)


@pytest.mark.parametrize("form", PACK)
def test_an_entry_that_claims_too_much_is_refused(form: str) -> None:
    archive = PACK[form](SMALL + header("m/variables/variables.data", LARGE) + bytes(2**20))
    assert "unpacks to 34,359,738,370 or more: refused" in refusal(archive, f"m.tar.{form}")


@pytest.mark.parametrize("form", PACK)
def test_what_was_listed_before_counts(form: str) -> None:
    archive = PACK[form](SMALL + header("m/big", LARGE) + bytes(1024))
    names = names_in_archive(io.BytesIO(archive), archive[:512], len(archive))
    assert names == {"m/saved_model.pb", "m/big"}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME], ids=["pax", "name"])
@pytest.mark.parametrize("form", PACK)
def test_a_header_that_claims_too_much_is_not_read(form: str, kind: bytes) -> None:
    """It would be read into memory as a whole, to be parsed."""
    archive = PACK[form](header("m", LARGE, kind) + bytes(2**20))
    with pytest.raises(TooLargeError):
        open_tar(io.BytesIO(archive), archive[:512], len(archive))
    assert "unpack it and open the model in it" in refusal(archive, f"m.tar.{form}")


def zipped(method: int, **entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_json", ".json"), content)
    return file.getvalue()


def test_a_zip_of_zeros_is_refused() -> None:
    archive = zipped(zipfile.ZIP_DEFLATED, config_json=b"{}", metadata_json=bytes(2**27))
    assert "unpacks to 134,217,730 or more: refused" in refusal(archive, "m.keras")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_is_packed_as_nobody_packs_is_not_unpacked(method: int) -> None:
    archive = zipped(method, config_json=bytes(2**20), metadata_json=b"{}")
    assert "damaged" in refusal(archive, "m.keras")


@pytest.mark.parametrize("change", [lambda size: size // 2, lambda size: 2 * size])
def test_a_zip_whose_entry_lies_about_its_size_is_damaged(change: Callable[[int], int]) -> None:
    archive = zipped(zipfile.ZIP_STORED, config_json=b" " * 1000, metadata_json=b"{}")
    size = (1000).to_bytes(4, "little")
    lying = archive.replace(size + size, size + change(1000).to_bytes(4, "little"))
    assert lying != archive
    assert "damaged" in refusal(lying, "m.keras")
