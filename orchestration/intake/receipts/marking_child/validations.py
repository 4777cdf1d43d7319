"""Drop-down lists that Excel keeps in an extension of the sheet, because their values stand in another sheet.

openpyxl drops extensions. The plain form of a validation can name another sheet, too, in every Excel since 2010; so
they are read here and added in the plain form.
"""

from __future__ import annotations

import re
import zipfile
from typing import Any
from xml.etree import ElementTree

from openpyxl.worksheet.datavalidation import DataValidation

_FRAGMENT = re.compile(rb"<(\w+):dataValidations\b.*?</\1:dataValidations>", re.DOTALL)
#: Namespaces by the prefixes that Excel gives them.
_WRAPPED = (
    b'<all xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    b'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" xmlns:xr="x" xmlns:mc="m">%b</all>'
)
_SWITCHES = ("allowBlank", "showErrorMessage", "showInputMessage", "showDropDown")
_TEXTS = ("type", "errorStyle", "operator", "errorTitle", "error", "promptTitle", "prompt")


def add_extended_validations(archive: zipfile.ZipFile, reader: Any) -> None:
    """Add the validations of the sheets' extensions to the workbook that ``reader`` has read."""
    for sheet, related in reader.parser.find_sheets():
        if sheet.name not in reader.wb.sheetnames or related.target not in archive.namelist():
            continue
        target = reader.wb[sheet.name]
        for found in _FRAGMENT.finditer(archive.read(related.target)):
            for element in _elements(_WRAPPED % found[0], "dataValidation"):
                validation = _validation(element)
                if validation and hasattr(target, "add_data_validation"):
                    target.add_data_validation(validation)


def _elements(xml: bytes, name: str) -> list[ElementTree.Element]:
    try:
        return [each for each in ElementTree.fromstring(xml).iter() if each.tag.rpartition("}")[2] == name]
    except ElementTree.ParseError:
        return []


def _validation(element: ElementTree.Element) -> DataValidation | None:
    """The same rule in its plain form."""
    parts = {each.tag.rpartition("}")[2]: "".join(each.itertext()).strip() for each in element}
    if not parts.get("sqref"):
        return None
    facts: dict[str, Any] = {name: element.get(name) for name in _TEXTS if element.get(name)}
    facts |= {name: element.get(name) in ("1", "true") for name in _SWITCHES if element.get(name)}
    return DataValidation(sqref=parts["sqref"], formula1=parts.get("formula1"), formula2=parts.get("formula2"), **facts)
