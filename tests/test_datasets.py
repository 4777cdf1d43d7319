"""Rules that every declared dataset keeps."""

from __future__ import annotations

import string
from pathlib import Path

import polars as pl
import pytest

import schemas
from orchestration.dataset_paths import dataset_paths
from orchestration.intake.folding import plain
from orchestration.intake.recognise import find_layout
from orchestration.intake.vocabulary import Vocabulary
from schemas import UnknownDatasetError, dataset, datasets
from schemas.column_types import Choice
from schemas.rules import RULES

EVERY = pytest.mark.parametrize("declaration", datasets().values(), ids=list(datasets()))


def test_the_declared_datasets_are_known_by_path_and_by_table():
    files = Path(schemas.__file__).parent.glob("*/[a-z]*.py")
    assert list(datasets()) == sorted(f"{file.parent.name}/{file.stem}" for file in files) == dataset_paths()
    assert dataset("land_parcels") is dataset("land/parcels")
    with pytest.raises(UnknownDatasetError, match=r"there are: .*land/parcels.*, population/residents"):
        dataset("land/houses")


@EVERY
def test_its_own_titles_in_any_order_are_recognised_as_its_columns(declaration):
    names = sorted(declaration.columns)
    layout = find_layout(declaration, [[declaration.columns[name].title for name in names]])
    assert layout.columns == {name: position for position, name in enumerate(names)}


@EVERY
def test_no_header_with_its_diacritics_means_two_columns(declaration):
    vocabulary = Vocabulary(declaration)
    for column in declaration.columns.values():
        for header in column.headers:
            assert [match.column for match in vocabulary.match(header)] == [column.name], header


@EVERY
def test_a_frame_without_rows_is_valid_so_types_and_model_agree(declaration):
    types = {name: column.type.physical for name, column in declaration.columns.items()}
    frame = pl.DataFrame(schema={**types, "__received_on": pl.Date})
    assert declaration.schema.validate(frame, lazy=True).is_empty()


@EVERY
def test_every_check_is_a_rule_with_words_that_can_be_filled(declaration):
    for name in declaration.columns:
        for rule in declaration.rule_ids(name):
            words = RULES[rule]
            for text in (words.vi, words.en, words.mend_vi, words.mend_en):
                assert text
                assert {field for _, field, _, _ in string.Formatter().parse(text) if field} <= {
                    "title",
                    "limit",
                    "allowed",
                }


@EVERY
def test_no_restricted_column_stands_in_the_warehouse_as_it_is(declaration):
    for each in declaration.warehouse_columns:
        if each.source:
            assert not declaration.columns[each.source].restricted or each.form in ("pseudonym", "year", "agreement")
            assert each.classification in ("open", "internal")


@EVERY
def test_a_way_of_writing_a_choice_means_one_code(declaration):
    for column in declaration.columns.values():
        if issubclass(column.type, Choice):
            words = [plain(word) for group in column.choices.values() for word in group]
            assert len(words) == len(set(words)), column.name


def test_every_rule_has_a_quality_dimension_and_both_languages():
    for rule in RULES.values():
        assert rule.severity in ("error", "warning")
        assert rule.dimension in ("accurate", "complete", "clean", "live", "unified", "shared")
        assert all((rule.vi, rule.en, rule.mend_vi, rule.mend_en))
