"""Figures: what is drawn follows from what was given, axes have units, and grey is enough."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.colors import to_rgb

from semtoken_rag import SemToken, viz
from semtoken_rag.paper.clusters import average_clusters
from semtoken_rag.types import Granularity
from semtoken_rag.viz import style
from semtoken_rag.viz.clusters import shares
from semtoken_rag.viz.layout import positions
from semtoken_rag.viz.trajectory import project

TEXTS = ["The tower opened in 1889. It rained that day. Nobody came.", "", "Cats sleep. Dogs bark at night."]
QUERY = "When did the tower open?"


@pytest.fixture(scope="module")
def context():
    return SemToken(encoder="static").compress(TEXTS, QUERY, max_tokens=12)


@pytest.fixture(scope="module")
def unchanged():
    return SemToken(encoder="static").compress(TEXTS, QUERY, max_tokens=500)


def lightness(colour) -> float:
    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))


def bars(axes):
    """(left, width, bottom, height) of the bars, in order of their left end."""
    found = [(p.get_x(), p.get_width(), p.get_y(), p.get_height()) for c in axes.containers for p in c]
    return np.array(sorted(found))


def every_figure(context):
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    return {
        "density": viz.density_profile(context),
        "surface": viz.density_surface(context),
        "importance": viz.importance_by_query({QUERY: context}),
        "gains": viz.efficiency_gains({"prefill": [(0.5, 2.1)]}, kernel_gain=1.6),
        "radar": viz.radar({"one": {"a": 0, "b": 1, "c": 0.5}}),
        "trajectory": viz.trajectory({"before": vectors, "after": vectors / 2}),
        "clusters": viz.cluster_distribution({"tau = 0.8": {"novel": np.array([1, 2])}}),
    }


def test_every_figure_is_written_as_png_and_svg(context, tmp_path):
    for name, figure in every_figure(context).items():
        png, svg = viz.save(figure, tmp_path / "out", name, dpi=40)
        assert png.read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in svg.read_bytes()


def test_the_same_figure_gives_the_same_bytes(context, tmp_path):
    first, again = (viz.save(viz.density_profile(context), tmp_path / n, "f", dpi=40) for n in "ab")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]


def test_every_axis_that_is_read_off_names_its_unit(context):
    units = ("characters", "no unit", "%", "place in the call", "times", "tokens", "variance", "log-odds")
    for name, figure in every_figure(context).items():
        said = [figure.get_supylabel()]
        for axes in figure.axes:
            said += [axes.get_xlabel(), axes.get_ylabel()]
            if hasattr(axes, "get_zlabel"):
                said.append(axes.get_zlabel())
        said = [text for text in said if text]
        assert said or name == "radar"
        assert [text for text in said if not any(unit in text for unit in units)] == []


def test_pyplot_is_never_loaded():
    code = "import sys, semtoken_rag.viz; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_extra_is_named():
    code = "import sys; sys.modules['matplotlib'] = None; import semtoken_rag.viz"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "semtoken-rag[viz]" in done.stderr


class TestStyle:
    def test_two_states_are_told_apart_in_grey(self):
        assert lightness(style.LIGHT) - lightness(style.DARK) > 0.4

    @pytest.mark.parametrize("count", [2, 5])
    def test_shades_get_lighter_one_by_one(self, count):
        found = [lightness(shade[:3]) for shade in style.shades(count)]
        assert all(b - a > 0.1 for a, b in pairwise(found))

    def test_curves_differ_in_line_or_marker_too(self):
        looks = style.looks()
        found = {(look["linestyle"], look["marker"]) for look in (next(looks) for _ in range(8))}
        assert len(found) == 8


class TestDensity:
    def test_bars_stand_on_the_threshold_at_the_places_of_the_units(self, context):
        axes = viz.density_profile(context, threshold=0.5).axes[0]
        place, _ = positions(context.units)
        density = np.array([u.scores["density"] for u in context.units])
        left, width, bottom, height = bars(axes).T
        assert left.tolist() == place[:, 0].tolist()
        assert (left + width).tolist() == place[:, 1].tolist()
        assert bottom + height == pytest.approx(density)
        assert set(bottom) == {0.5}

    def test_the_threshold_is_the_median_unless_given(self, context):
        density = [u.scores["density"] for u in context.units]
        said = [t.get_text() for t in viz.density_profile(context).axes[0].get_legend().get_texts()]
        assert f"threshold {np.median(density):.2f}" in said

    def test_the_strip_shows_what_is_kept(self, context):
        strip = viz.density_profile(context).axes[1]
        [drawn] = strip.collections
        kept = [
            p for p, u in zip(positions(context.units)[0], context.units, strict=True)
            if u.granularity > Granularity.DROPPED
        ]  # fmt: skip
        assert [[path.vertices[:, 0].min(), path.vertices[:, 0].max()] for path in drawn.get_paths()] == [
            list(p) for p in kept
        ]

    def test_the_surface_has_a_row_for_each_chunk_with_text(self, context):
        above = viz.density_surface(context).axes[1]
        [mesh] = above.collections
        values = np.asarray(mesh.get_array()).reshape(2, -1)
        density = {(u.chunk, u.start): u.scores["density"] for u in context.units}
        assert [t.get_text() for t in above.get_yticklabels()] == ["1", "3"]
        assert values[:, 0] == pytest.approx([density[0, 0], density[2, 0]])
        assert values[1, -1] == pytest.approx(density[2, TEXTS[2].index("Dogs")])

    def test_a_context_that_passed_unchanged_is_refused(self, unchanged):
        for draw in (viz.density_profile, viz.density_surface, lambda c: viz.importance_by_query({"a": c})):
            with pytest.raises(ValueError, match="passed unchanged: 22 tokens"):
                draw(unchanged)

    def test_a_score_that_is_not_there_is_named(self):
        lead = SemToken(encoder="static", strategy="lead").compress(TEXTS, QUERY, max_tokens=12)
        with pytest.raises(ValueError, match=r"one of \['score'\], got 'density'"):
            viz.density_profile(lead)


class TestImportance:
    def test_a_panel_for_each_question_with_its_scores_and_what_it_keeps(self, context):
        other = SemToken(encoder="static").compress(TEXTS, "Do dogs bark?", max_tokens=12)
        figure = viz.importance_by_query({"first": context, "second": other})
        for axes, given in zip(figure.axes, (context, other), strict=True):
            assert bars(axes)[:, 3] == pytest.approx([u.scores["relevance"] for u in given.units], abs=1e-6)
            kept = [u for u in given.units if u.granularity > Granularity.DROPPED]
            assert len(axes.containers[0]) == len(kept)
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["first", "second"]

    def test_none_is_refused(self):
        with pytest.raises(ValueError, match=r"got \{\}"):
            viz.importance_by_query({})


class TestGains:
    def test_predictions_and_points(self):
        axes = viz.efficiency_gains({"prefill": [(0.5, 2.5), (0.25, 5)]}, kernel_gain=1.6).axes[0]
        lines = {line.get_label(): line.get_xydata() for line in axes.lines}
        assert lines["measured: prefill"].tolist() == [[0.5, 2.5], [0.25, 5]]
        paper, scores, stacked = (lines[name] for name in list(lines)[:3])
        assert paper[:, 1] == pytest.approx(1 / paper[:, 0])
        assert scores[:, 1] == pytest.approx(paper[:, 1] ** 2)
        assert stacked[:, 1] == pytest.approx(1.6 * paper[:, 1])

    @pytest.mark.parametrize("point", [(0, 1), (1.2, 1), (0.5, 0)])
    def test_impossible_points_are_refused(self, point):
        with pytest.raises(ValueError, match=f"got \\({point[0]}"):
            viz.efficiency_gains({"x": [point]})


class TestRadar:
    def test_a_closed_line_for_each_method(self):
        profiles = {"one": {"a": 0.1, "b": 0.2, "c": 0.3}, "two": {"c": 1, "a": 0.4, "b": 0}}
        axes = viz.radar(profiles).axes[0]
        assert [list(line.get_ydata()) for line in axes.lines] == [[0.1, 0.2, 0.3, 0.1], [0.4, 0, 1, 0.4]]
        assert [t.get_text() for t in axes.get_xticklabels()] == ["a", "b", "c"]

    @pytest.mark.parametrize(
        ("profiles", "said"),
        [
            ({}, "got"),
            ({"one": {"a": 1, "b": 1}}, "'b'"),
            ({"one": {"a": 1, "b": 1, "c": 1}, "two": {"a": 1, "b": 1, "d": 1}}, "'d'"),
            ({"one": {"a": 1, "b": 1, "c": 1.5}}, "1.5"),
        ],
    )
    def test_bad_profiles_are_named(self, profiles, said):
        with pytest.raises(ValueError, match=said):
            viz.radar(profiles)


class TestTrajectory:
    def test_the_plane_holds_what_lies_in_it(self):
        rng = np.random.default_rng(0)
        plane = rng.standard_normal((20, 2)).astype(np.float32)
        base = np.linalg.qr(rng.standard_normal((6, 2)))[0].astype(np.float32)
        [first, second], share = project([plane @ base.T, 2 * plane @ base.T])
        assert float(share.sum()) == pytest.approx(1, abs=1e-4)
        distances = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (plane, first, second / 2)]
        assert distances[1] == pytest.approx(distances[0], abs=1e-4)
        assert distances[2] == pytest.approx(distances[0], abs=1e-4)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
    def test_few_tokens_or_directions_do_no_harm(self, shape):
        vectors = np.ones(shape, np.float32)
        [points], share = project([vectors])
        assert points.shape == (shape[0], 2)
        assert np.isfinite(share).all()

    def test_merged_tokens_meet_and_the_kept_ones_are_counted(self):
        before = np.eye(4, dtype=np.float32)
        after = average_clusters(before, np.array([[0, 2], [2, 3], [3, 4]]))
        figure = viz.trajectory({"before": before, "after": after}, np.array([True, True, False, True]))
        assert [axes.get_title() for axes in figure.axes] == [
            "before\n4 tokens in 4 places",
            "after\n3 tokens in 2 places",
        ]
        assert len(figure.axes[1].lines) == 4
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["dropped", "kept"]

    def test_two_states_are_named_only_where_there_are_two(self):
        vectors = np.eye(3, dtype=np.float32)
        assert viz.trajectory({"before": vectors, "after": vectors}).legends == []

    def test_stages_of_different_shapes_are_refused(self):
        with pytest.raises(ValueError, match=r"\(3, 2\)"):
            viz.trajectory({"a": np.zeros((2, 2)), "b": np.zeros((3, 2))})


class TestClusters:
    def test_classes_hold_the_tokens_of_their_clusters(self):
        assert shares(np.array([1, 2, 3, 4, 5, 8, 9, 100])) == pytest.approx(
            np.array([1, 2, 7, 13, 109]) / 132
        )
        assert shares(np.zeros(0, np.int64)).tolist() == [0] * 5

    def test_a_bar_for_each_kind_adds_up_to_all_tokens(self):
        sizes = {"novel": np.array([1, 1, 2]), "table": np.array([9, 1])}
        figure = viz.cluster_distribution({"0.7": sizes, "0.9": sizes})
        for axes in figure.axes:
            width = np.array([[p.get_width() for p in c] for c in axes.containers])  # (classes, kinds)
            assert width.sum(0) == pytest.approx([100, 100])
            assert width[0] == pytest.approx([50, 10])

    def test_other_kinds_at_another_level_are_refused(self):
        with pytest.raises(ValueError, match="'novel'"):
            viz.cluster_distribution({"0.7": {"novel": np.array([1])}, "0.9": {"table": np.array([1])}})
