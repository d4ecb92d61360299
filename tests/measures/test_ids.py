"""Every measure that simzoo promises is there under its name, and each has a test file of its own family."""

from pathlib import Path

import pytest

from simzoo.catalog import Catalog
from simzoo.plugins import load_plugins

IDS = {
    "similarity": """
        cka cka_unbiased cka_rbf cknna hsic cca r2_cca svcca pwcca procrustes procrustes_normalized procrustes_raw
        angular_shape shape_alpha permutation_procrustes permutation_angular aligned_cosine hard_correlation_match
        soft_correlation_match linear_regression gulp rsa rsm_norm_difference distance_correlation eigenspace_overlap
        bures knn_jaccard mutual_knn second_order_cosine rank_similarity joint_rank_jaccard cycle_knn
        information_imbalance relative_cosine magnitude_difference concentricity_difference uniformity_difference
        disagreement jsd error_kappa
    """,
    "geometry": """
        effective_rank rankme participation_ratio stable_rank alpha_req nesum anisotropy uniformity twonn mle_id gride
        corrint lpca mom_id tle nnk_count nnk_rank nnk_diameter nnk_affinity mgm alignment invariance lidar class_cka
        neural_collapse cdnv class_separation silhouette calinski_harabasz davies_bouldin knn_accuracy linear_probe
        few_shot
    """,
    "transferability": """
        logme leep nce nleep h_score h_score_shrunk transrate gbc parc lfc sfda ncti nearest_class_mean
    """,
}


@pytest.fixture(scope="module")
def measures():
    return Catalog(load_plugins()).measures


@pytest.mark.parametrize("kind", IDS)
def test_every_measure_is_there_under_its_name(measures, kind):
    wanted = set(IDS[kind].split())
    found = {name for name, entry in measures.items() if entry.sheet.kind == kind}
    assert wanted <= found
    own = {name for name, entry in measures.items() if entry.plugin == f"simzoo-{kind}" and entry.sheet.kind == kind}
    assert own == wanted


@pytest.mark.parametrize("kind", IDS)
def test_the_tests_of_a_kind_call_each_of_its_measures(measures, kind):
    folder = Path(__file__).parent / kind
    written = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    missing = [name for name in IDS[kind].split() if measures[name].part.__name__ not in written]
    assert missing == []
