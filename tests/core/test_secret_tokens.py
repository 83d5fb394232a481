"""The text of a token that we mint: shape, checksum, digest."""

from apps.core.secret_tokens import digest_of, is_well_formed, mint

CHECKSUM_OF_KNOWN = "zZvdTQ"
KNOWN = "sk-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def test_a_token_is_52_characters_of_which_43_are_random():
    token = mint("sk-")

    assert len(token) == 52
    assert token.startswith("sk-")
    assert is_well_formed("sk-", token)
    assert token != mint("sk-")


def test_the_checksum_is_the_crc32_of_what_stands_before_it():
    # the CRC-32 of the 46 characters is 0xcd9bdd4d
    assert is_well_formed("sk-", KNOWN + CHECKSUM_OF_KNOWN)


def test_a_single_changed_character_is_noticed():
    token = KNOWN + CHECKSUM_OF_KNOWN

    wrong = [token[:at] + ("B" if token[at] != "B" else "C") + token[at + 1 :] for at in range(3, 52)]

    assert not any(is_well_formed("sk-", text) for text in wrong)


def test_other_shapes_are_not_ours():
    assert not is_well_formed("sk-", "")
    assert not is_well_formed("sk-", "sk-short")
    assert not is_well_formed("sk-", "pk-" + mint("sk-")[3:])
    assert not is_well_formed("sk-", "sk-" + "é" * 49)


def test_the_digest_is_sha256_of_the_whole_text():
    digest = digest_of("sk-abc")

    assert digest.hex() == "1460db1b6902f8b1fc2a40d9381a24d0fd22c3bc1b2c6f999c521da73776fbe0"
