"""What each kind of object in a released PDF may have (ISO 32000-1). What is not listed here is refused.

A role is a table from entries to the role of their value. `ANY` is a value without entries of its own: a number, a name, a string,
or an array of such. A role in brackets stands for an array of it, `{role}` for a dictionary whose keys are free.
"""

from __future__ import annotations

ANY = "any"
Role = dict[str, str]


def _names(names: str, before: str = "") -> frozenset[str]:
    return frozenset(before + name for name in names.split())


def _any(names: str) -> Role:
    return dict.fromkeys((f"/{name}" for name in names.split()), ANY)


_STREAM = _any("Length Filter DecodeParms")

ROLES: dict[str, Role] = {
    "trailer": {"/Root": "catalog", "/Info": "info", **_any("ID Size")},
    "info": _any("Title Creator Producer CreationDate ModDate"),
    "catalog": {
        **_any("Type Lang PageMode PageLayout Version"),
        "/Pages": "pages",
        "/Metadata": "metadata",
        "/MarkInfo": "marks",
        "/ViewerPreferences": "preferences",
        "/OutputIntents": "[intent]",
        "/Outlines": "outlines",
        "/StructTreeRoot": "tags",
    },
    "marks": _any("Marked Suspects UserProperties"),
    "preferences": _any("DisplayDocTitle Direction HideToolbar HideMenubar FitWindow CenterWindow NonFullScreenPageMode"),
    "metadata": {**_any("Type Subtype"), **_STREAM},
    "intent": {
        **_any("Type S OutputConditionIdentifier OutputCondition RegistryName Info"),
        "/DestOutputProfile": "profile",
    },
    "profile": {**_any("N Range Alternate"), **_STREAM},
    "outlines": {**_any("Type Count"), "/First": "outline", "/Last": "outline"},
    "outline": {
        **_any("Title Count C F"),
        "/Parent": "outlines|outline",
        "/First": "outline",
        "/Last": "outline",
        "/Next": "outline",
        "/Prev": "outline",
        "/Dest": "[page]",
    },
    "tags": {
        **_any("Type ParentTreeNextKey"),
        "/K": "[tag]",
        "/ParentTree": "numbers",
        "/IDTree": "numbers",
        "/RoleMap": "{any}",
        "/ClassMap": "{attributes}",
    },
    "tag": {
        **_any("Type S ID T Lang Alt E ActualText R C MCID"),
        "/P": "tags|tag",
        "/Pg": "page",
        "/K": "[tag]",
        "/A": "[attributes]",
    },
    "attributes": _any(
        "O Scope Headers RowSpan ColSpan Summary ListNumbering Placement BBox Width Height BorderColor BorderStyle "
        "BorderThickness Padding Color BackgroundColor TextAlign SpaceBefore SpaceAfter StartIndent EndIndent TextIndent "
        "TextDecorationType TextDecorationColor TextDecorationThickness LineHeight BaselineShift TextPosition WritingMode "
        "BlockAlign InlineAlign TBorderStyle TPadding GlyphOrientationVertical RubyAlign RubyPosition ColumnCount ColumnGap "
        "ColumnWidths"
    ),
    "numbers": {**_any("Limits"), "/Nums": "[tag]", "/Names": "[tag]", "/Kids": "[numbers]"},
    "pages": {**_any("Type Count MediaBox Rotate"), "/Kids": "[pages|page]", "/Parent": "pages", "/Resources": "resources"},
    "page": {
        **_any("Type MediaBox CropBox TrimBox BleedBox ArtBox Rotate StructParents Tabs"),
        "/Parent": "pages",
        "/Resources": "resources",
        "/Contents": "[content]",
        "/Group": "group",
    },
    "group": _any("Type S CS I K"),
    "content": _STREAM,
    "resources": {
        "/ProcSet": ANY,
        "/ColorSpace": "{colors}",
        "/Font": "{font}",
        "/XObject": "{picture}",
        "/ExtGState": "{state}",
    },
    "colors": {"/0": ANY, "/1": "profile"},
    "state": _any("Type ca CA BM AIS SMask LW LC LJ SA"),
    "picture": {
        **_any("Type Subtype Width Height BitsPerComponent Decode ImageMask Interpolate Intent Name"),
        **_STREAM,
        "/ColorSpace": "colors",
    },
    "font": {
        **_any("Type Subtype BaseFont FirstChar LastChar Widths Encoding Name DW W CIDSystemInfo"),
        "/DescendantFonts": "[font]",
        "/ToUnicode": "cmap",
        "/CIDToGIDMap": "content",
        "/FontDescriptor": "descriptor",
    },
    "cmap": {**_any("Type CMapName CIDSystemInfo WMode UseCMap"), **_STREAM},
    "descriptor": {
        **_any(
            "Type FontName FontFamily FontStretch FontWeight Flags FontBBox ItalicAngle Ascent Descent Leading CapHeight XHeight"
        ),
        **_any("StemV StemH AvgWidth MaxWidth MissingWidth CharSet Lang"),
        "/CIDSet": "content",
        "/FontFile2": "program",
        "/FontFile3": "program",
    },
    "program": {**_any("Subtype Length1 Length2 Length3"), **_STREAM},
    ANY: {},
}
"""Role -> its entries -> the role of each value."""

PARAMETERS = _names(
    "Registry Ordering Supplement K Columns Rows BlackIs1 Predictor Colors BitsPerComponent EndOfBlock EndOfLine EncodedByteAlign "
    "EarlyChange Type Differences BaseEncoding",
    "/",
)
"""Entries of the small dictionaries whose role is `ANY`: encodings, systems of characters, parameters of filters."""

REFUSED = {
    "/Annots": "annotations",
    "/AcroForm": "form-fields",
    "/OpenAction": "actions",
    "/AA": "actions",
    "/A": "actions",
    "/JS": "actions",
    "/JavaScript": "actions",
    "/OCProperties": "layers",
    "/OC": "layers",
    "/Properties": "layers",
    "/EmbeddedFiles": "embedded-files",
    "/AF": "embedded-files",
    "/EF": "embedded-files",
    "/Names": "name-tree",
    "/Thumb": "thumbnails",
    "/PieceInfo": "private-data",
    "/SMask": "masked-picture",
    "/Mask": "masked-picture",
    "/Alternates": "masked-picture",
    "/Encrypt": "encrypted",
    "/Prev": "old-revisions",
    "/XRefStm": "old-revisions",
    "/Author": "foreign-metadata",
    "/Subject": "foreign-metadata",
    "/Keywords": "foreign-metadata",
    "/Metadata": "foreign-metadata",
}
"""Entry that is not listed -> the code of the sentence about it; else `unlisted-object`."""

PICTURE_FILTERS = frozenset({"/FlateDecode", "/DCTDecode", "/CCITTFaxDecode"})
STREAM_FILTERS = frozenset({"/FlateDecode", "/DCTDecode", "/CCITTFaxDecode", "/ASCII85Decode"})
FONTS = frozenset({"/Type0", "/CIDFontType0", "/CIDFontType2", "/TrueType", "/Type1"})
SHOWN_AS_TEXT = _names(
    "q Q cm gs cs CS sc SC scn SCN g G rg RG k K w J j M d ri i m l h re S s f F f* B B* b b* n W W* "
    "BT ET Tr Tf Tm Td TD T* Tj TJ ' \" Tc Tw Tz TL Ts BDC BMC EMC"
)
"""Operators of a page that is set as text: no picture, and no curve, because letters may be drawn as curves."""
SHOWN_AS_PICTURE = _names("q Q cm gs cs sc scn g rg Do BT ET Tr Tf Tm Td TD T* Tj TJ Tc Tw Tz TL Ts BDC BMC EMC")
"""Operators of a page that is one picture and text: nothing else is painted, because it could cover a part of the picture."""
VISIBLE = 0
"""Text rendering mode (ISO 32000-1, table 106)."""
NAMESPACES = frozenset({
    "adobe:ns:meta/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/",
    "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#", "http://ns.adobe.com/xap/1.0/mm/",
    "http://ns.adobe.com/xap/1.0/t/pg/", "http://ns.adobe.com/pdf/1.3/", "http://www.aiim.org/pdfa/ns/id/",
    "http://www.aiim.org/pdfua/ns/id/", "http://www.aiim.org/pdfa/ns/extension/", "http://www.aiim.org/pdfa/ns/schema#",
    "http://www.aiim.org/pdfa/ns/property#",
})  # fmt: skip
"""Of the metadata that our own programs write."""

NAMES = frozenset(key for role in ROLES.values() for key in role) | _names(
    "Catalog Font FontDescriptor Outlines StructTreeRoot StructElem OutputIntent MCR XObject Image Transparency ExtGState "
    "CMap XRef ObjStm XML PDF Text ImageB ImageC ImageI Table Layout List Solid None Dashed Dotted Start End Center Justify "
    "Row Column Both Document Part Sect Div Span P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody TR TH TD THead TBody TFoot Figure "
    "Formula Link Quote Note BlockQuote Code Caption TOC TOCI Index Title Strong Em Terms Datetime NonStruct Private Artifact "
    "Reference BibEntry Annot Art Aside FENote Sub DeviceGray DeviceRGB DeviceCMYK ICCBased Indexed CalGray CalRGB Lab "
    "FlateDecode DCTDecode CCITTFaxDecode Identity Identity-H WinAnsiEncoding MacRomanEncoding StandardEncoding L2R R2L XYZ "
    "Fit FitH FitR UseNone UseOutlines SinglePage OneColumn GTS_PDFA1 CIDFontType0C OpenType Type0 Type1 TrueType "
    "CIDFontType0 CIDFontType2 Decimal Disc Circle Square Inline Perceptual RelativeColorimetric Block Before After Normal "
    "Compatible Lang Pages Page",
    "/",
)
"""Names of the format itself, which say nothing about the document."""
