"""The DDI-Codebook file against the rules of the published schema, DDI-Codebook 2.5.

The schema (``codebook.xsd``, https://ddialliance.org/Specification/DDI-Codebook/2.5/) is in no
package and the tests ask no network, so what it says of the elements we write is repeated
here as a table: children in their order, which are required, attributes and their values.
It is no validation by the XSD itself.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from analysis.dataset.codebooks import DDI, About, write_ddi
from analysis.dataset.columns import variables
from instrument import registry
from instrument.model import Text

XML = "{http://www.w3.org/XML/1998/namespace}lang"
# element: (children in the schema's order, "!" = at least one; attributes)
RULES: dict[str, tuple[str, set[str]]] = {
    "codeBook": ("docDscr stdyDscr! fileDscr dataDscr otherMat", {"version"}),
    "stdyDscr": (("citation! studyAuthorization stdyInfo studyDevelopment method dataAccs"
                 " othrStdyMat notes"), {"ID"}),
    "citation": ("titlStmt! rspStmt prodStmt distStmt serStmt verStmt biblCit holdings notes",
                 {"MARCURI"}),
    "titlStmt": ("titl! subTitl altTitl parTitl IDNo", set()),
    "titl": ("", {XML}),
    "parTitl": ("", {XML}),
    "IDNo": ("", {"agency", "level"}),
    "prodStmt": ("producer copyright prodDate prodPlac software fundAg grantNo", set()),
    "software": ("", {"date", "version"}),
    "verStmt": ("version verResp notes", set()),
    "version": ("", {"date", "type"}),
    "stdyInfo": ("studyBudget subject abstract sumDscr qualityStatement notes exPostEvaluation",
                 set()),
    "abstract": ("", {XML, "date", "contentType"}),
    "fileDscr": ("fileTxt locMap notes", {"ID", "URI"}),
    "fileTxt": (("fileName fileCitation dataFingerprint fileCont fileStrc dimensns fileType format"
                " filePlac dataChck ProcStat dataMsng software verStmt"), set()),
    "fileName": ("", {XML}),
    "dimensns": ("caseQnty varQnty logRecL recPrCas recNumTot", set()),
    "caseQnty": ("", set()),
    "varQnty": ("", set()),
    "dataDscr": ("varGrp nCubeGrp var nCube notes", set()),
    "var": (("location labl imputation security embargo respUnit anlysUnit qstn valrng invalrng"
            " undocCod universe TotlResp sumStat txt stdCatgry catgryGrp catgry codInstr verStmt"
            " concept derivation varFormat geoMap catLevel notes"),
            {"ID", "name", "files", "nature", "intrvl", "dcml"}),
    "labl": ("", {XML, "level"}),
    "invalrng": ("item range key notes", set()),
    "item": ("", {"VALUE", "UNITS"}),
    "catgry": ("catValu labl txt catStat mrow", {"missing", "missType"}),
    "catValu": ("", set()),
    "varFormat": ("", {"type", "formatname", "schema"}),
}  # fmt: skip
VALUES = {
    "nature": {"nominal", "ordinal", "interval", "ratio", "percent", "other"},
    "missing": {"Y", "N"},
    "type": {"numeric", "character"},
}
NC_NAME = re.compile(r"[A-Za-z_][\w.-]*")


@pytest.fixture(params=["full", "pulse"])
def root(request, tmp_path) -> ET.Element:
    instrument = registry.find("partnership")
    about = About(
        name="uji-1-v1", title=Text(id="Uji & coba", en="A <test>"), community="Uji",
        made_on="2026-11-26", version="v1", sha256="0" * 64, rows=12, instrument=instrument,
        program="Guyub",
    )  # fmt: skip
    path = tmp_path / "codebook.xml"
    write_ddi(path, about, variables(instrument, request.param, simulated=True))
    return ET.parse(path).getroot()


def broken(element: ET.Element) -> list[str]:
    """What the rules say against an element and all below it."""
    tag = element.tag.removeprefix(f"{{{DDI}}}")
    if tag not in RULES:
        return [f"{tag} is no element of the schema that is known here"]
    order, attributes = RULES[tag]
    names = [name.rstrip("!") for name in order.split()]
    children = [child.tag.removeprefix(f"{{{DDI}}}") for child in element]
    found = [f"{tag}: no {name[:-1]}" for name in order.split()
             if name.endswith("!") and name[:-1] not in children]  # fmt: skip
    if set(children) - set(names):
        found.append(f"{tag}: {sorted(set(children) - set(names))} do not belong here")
    elif children != sorted(children, key=names.index):
        found.append(f"{tag}: {children} are not in the schema's order")
    if set(element.attrib) - attributes:
        found.append(f"{tag}: attributes {sorted(set(element.attrib) - attributes)}")
    found += [f"{tag} {name}={value}" for name, value in element.attrib.items()
              if value not in VALUES.get(name, {value})]  # fmt: skip
    return found + [one for child in element for one in broken(child)]


def test_elements_order_and_attributes_are_the_schema_s(root: ET.Element) -> None:
    assert root.tag == f"{{{DDI}}}codeBook"
    assert DDI == "ddi:codebook:2_5"
    assert broken(root) == []


def test_ids_are_names_once_each_and_references_lead_somewhere(root: ET.Element) -> None:
    """xs:ID and xs:IDREFS."""
    ids = [one.attrib["ID"] for one in root.iter() if "ID" in one.attrib]
    assert len(ids) == len(set(ids))
    assert [one for one in ids if not NC_NAME.fullmatch(one)] == []
    assert {one.attrib["files"] for one in root.iter(f"{{{DDI}}}var")} <= set(ids)


def test_the_rules_can_fail(root: ET.Element) -> None:
    """A negative control: an order, an attribute and an element that the schema has not."""
    data = root.find(f".//{{{DDI}}}var")
    assert data is not None
    data.append(ET.Element(f"{{{DDI}}}labl"))
    data.set("nature", "likert")
    root.append(ET.Element(f"{{{DDI}}}answers"))
    assert len(broken(root)) >= 3
