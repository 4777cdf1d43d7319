"""x"""
from __future__ import annotations
from orchestration.intake.readers.workbook_child.legacy_fonts import TABLES
from tests.office import RESIDENTS, resident, rows_csv
import polars as pl
def in_font(text, encoding):
    codes = {}
    for code, letter in TABLES[encoding].items(): codes.setdefault(letter, code)
    return "".join(codes.get(each, codes.get(each.lower(), each)) for each in text)

def test_x(settings, hand_in):
    rows=[resident(n, village=v) for n,v in enumerate(["Bản Ái","Thôn Bé","Tổ 5","Nhà ở"]*3)]
    text=rows_csv(RESIDENTS, rows)
    for name,data in {"u":text, "t": "".join(in_font(x,"tcvn3") for x in text).encode("cp1252","replace"), "tm": in_font(text,"tcvn3"), "v": in_font(text,"vni").encode("cp1252"),"vm":in_font(text,"vni")}.items():
        s=hand_in(RESIDENTS, f"2026-10 {name}.csv", data)
        print(name, s.verdict, s.rows_accepted, s.rows_rejected, s.details)
        b=pl.read_parquet(settings.bronze_file(s.dataset,s.submission_id)) if hasattr(settings,'bronze_file') else None
    assert 0
