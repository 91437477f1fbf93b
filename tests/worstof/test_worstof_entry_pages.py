"""A domain from its nomination to the list through the pages, and what nobody may see too early."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breakwater.worstof.actions import life
from breakwater.worstof.models import BlockList, Entry

pytestmark = pytest.mark.django_db


def sight():
    return (timezone.now() - timedelta(hours=26)).strftime("%Y-%m-%dT%H:%M")


def judge(client, entry, **said):
    answers = dict.fromkeys(("real", "under_13", "severe", "online"), "yes")
    facts = answers | {"seen_online_at": sight(), "confidence": "high", "note": "n-of-mine"}
    return client.post(reverse("worst-of-assess", args=[entry.pk]), facts | said)


def put(client, world_list, name="https://bad.example/page", **hosting):
    facts = {"block_list": world_list.pk, "name": name, "evidence": "T-1", "seen": "Seen"} | hosting
    return client.post(reverse("worst-of-nominate"), facts | {"seen_at": sight()})


def test_a_domain_is_listed_by_two_countries_through_the_pages(
    world_list, officer, assessor, client_for
):
    here, abroad = client_for(officer), client_for(assessor)
    assert put(here, world_list).status_code == 302
    entry = Entry.objects.get()
    assert judge(here, entry).status_code == 302
    address = reverse("worst-of-entry", args=[entry.pk])
    assert "n-of-mine" in here.get(address).content.decode()
    hidden = abroad.get(address).content.decode()
    assert "n-of-mine" not in hidden
    assert "when you have said yes or no to every criterion" in hidden
    assert judge(abroad, entry).status_code == 302
    entry.refresh_from_db()
    assert entry.state == "listed"
    told = abroad.get(address).content.decode()
    assert "n-of-mine" in told
    assert 'href="http' not in told


def shown(client_for, user, entry):
    return client_for(user).get(reverse("worst-of-entry", args=[entry.pk])).content.decode()


def test_cannot_say_opens_nothing_and_leaves_the_authority_free_to_verify(
    nominated, judged, officer, assessor, client_for, at
):
    # The page judges by the real clock, and what is months older than that counts no more.
    entry = judged(nominated(), assessor, timezone.now() - at, note="n-of-theirs")
    judge(client_for(officer), entry, severe="unsure")
    told = shown(client_for, officer, entry)
    assert "n-of-theirs" not in told
    assert "n-of-mine" in told
    assert "when you have said yes or no to every criterion" in told
    judge(client_for(officer), entry)
    assert "n-of-theirs" in shown(client_for, officer, entry)
    entry.refresh_from_db()
    assert entry.state == "listed"


@pytest.mark.parametrize("verb", ["discuss", "remove"])
def test_ending_a_round_by_words_opens_nothing(
    nominated, judged, officer, assessor, client_for, verb, at
):
    entry = judged(nominated(), assessor, note="n-of-theirs")
    getattr(life, verb)(entry, by=officer, reason="Let me see", at=at)
    assert "n-of-theirs" not in shown(client_for, officer, entry)
    assert "n-of-theirs" in shown(client_for, assessor, entry)
    if verb == "discuss":
        life.settle(entry, by=officer, reason="Anew", at=at)
        judged(entry, officer)
        assert "n-of-theirs" not in shown(client_for, officer, entry)


def test_a_discussion_after_a_no_is_read_by_all_who_have_to_end_it(
    nominated, judged, officer, assessor, client_for
):
    entry = judged(nominated(), assessor, severe="no", note="n-of-theirs")
    assert "n-of-theirs" in shown(client_for, officer, entry)


def test_who_can_read_the_others_is_told_that_a_yes_comes_too_late(
    nominated, judged, officer, assessor, neighbour, client_for
):
    entry = judged(judged(nominated(), officer), assessor)
    client = client_for(neighbour)
    assert "a yes to all four is no longer taken" in shown(client_for, neighbour, entry)
    answer = judge(client, entry)
    assert answer.status_code == 400
    assert "only a doubt or a no is taken" in answer.content.decode()
    assert judge(client, entry, online="unsure").status_code == 302
    assert "Take my judgement back" in shown(client_for, neighbour, entry)


def test_the_button_to_take_a_judgement_back_goes_when_it_opened_the_others(
    nominated, judged, officer, assessor, client_for
):
    entry = judged(nominated(), assessor, under_13="unsure")
    judge(client_for(officer), entry, real="unsure")
    assert "Take my judgement back" in shown(client_for, officer, entry)
    judge(client_for(officer), entry)
    assert "Take my judgement back" not in shown(client_for, officer, entry)


def test_the_page_says_why_two_accounts_of_one_name_count_once(
    nominated, officer, assessor, client_for
):
    entry = nominated()
    for person in (officer, assessor):
        person.first_name, person.last_name = "Zoe", "Twice"
        person.save()
        judge(client_for(person), entry)
    told = client_for(officer).get(reverse("worst-of-entry", args=[entry.pk])).content.decode()
    assert "1 more authority has to verify" in told
    assert "Police of Elsewhere: somebody of the same name judged for another authority" in told


def test_the_board_says_what_waits_for_whom(world_list, officer, assessor, client_for):
    here, abroad = client_for(officer), client_for(assessor)
    assert "No domain waits for you" in here.get(reverse("worst-of")).content.decode()
    put(here, world_list)
    judge(here, Entry.objects.get())
    assert "No domain waits for you" in here.get(reverse("worst-of")).content.decode()
    assert "1 domain waits for you" in abroad.get(reverse("worst-of")).content.decode()


def test_what_is_no_domain_is_said_at_its_field(world_list, officer, client_for):
    answer = put(client_for(officer), world_list, "192.0.2.7").content.decode()
    assert "An IP address is never listed" in answer


def test_a_judgement_without_all_answers_is_not_kept(nominated, officer, client_for):
    entry = nominated()
    assert judge(client_for(officer), entry, severe="").status_code == 400
    assert not entry.assessments.exists()


def test_a_removal_needs_its_reason(nominated, officer, client_for):
    entry, client = nominated(), client_for(officer)
    client.post(reverse("worst-of-remove", args=[entry.pk]), {"reason": " "})
    entry.refresh_from_db()
    assert entry.state == "nominated"
    client.post(reverse("worst-of-remove", args=[entry.pk]), {"reason": "Gone"})
    entry.refresh_from_db()
    assert entry.state == "removed"


def test_the_file_for_overseers_has_no_names(nominated, officer, analyst, client_for):
    nominated()
    named = b"".join(client_for(officer).get(reverse("worst-of-csv")).streaming_content)
    numbers = b"".join(client_for(analyst).get(reverse("worst-of-numbers-csv")).streaming_content)
    assert b"bad.example" in named
    assert b"bad.example" not in numbers
    assert b"W-" in numbers


def test_what_was_said_in_earlier_rounds_is_shown_to_those_who_need_not_judge_now(
    nominated, judged, officer, assessor, client_for
):
    entry = judged(judged(nominated(), officer, note="n-of-before"), assessor)
    address = reverse("worst-of-entry", args=[entry.pk])
    life.move_clocks(entry.due_at)
    entry.refresh_from_db()
    assert entry.state == "due"
    assert "n-of-before" not in client_for(assessor).get(address).content.decode()
    life.move_clocks(entry.due_at)
    told = client_for(assessor).get(address).content.decode()
    assert "n-of-before" in told
    assert "All criteria verified" in told


def rows_of(page, heading):
    """The cells of each row of the table under a heading, as texts."""
    part = page[page.index(heading) :]
    part = part[: part.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", c).strip() for c in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


def test_the_page_shows_where_it_is_hosted_both_judgements_side_by_side_and_the_clocks(
    world_list, officer, assessor, client_for
):
    here = client_for(officer)
    hosting = {
        "provider": "Example Hosting", "country": "nl", "registrar": "Example Names",
        "address": "192.0.2.77",
    }  # fmt: skip
    put(here, world_list, **hosting)
    entry = Entry.objects.get()
    judge(here, entry, confidence="low")
    judge(client_for(assessor), entry, note="n-of-theirs")
    entry.refresh_from_db()
    page = shown(client_for, officer, entry)
    for word, value in {
        "Hosting provider": "Example Hosting", "Country of the host": "NL",
        "Registrar": "Example Names", "IP address, as seen": "192.0.2.77",
    }.items():  # fmt: skip
        assert f"<dt>{word}</dt><dd>{value}</dd>" in page
    rows = {row[0]: row[1:] for row in rows_of(page, "What the authorities say")}
    assert rows["Criterion"] == ["Police of Testland (JM)", "Police of Elsewhere (CW)"]
    for criterion in ("The children are real", "The abuse is severe"):
        assert rows[criterion] == ["Yes", "Yes"]
    assert rows["Confidence"] == ["Not sure", "Sure"]
    assert rows["Note"] == ["n-of-mine", "n-of-theirs"]
    assert [cell.split(" · ")[0] for cell in rows["By"]] == ["officer", "assessor"]
    assert re.search(r"<dt>Listed</dt><dd>\s*<time", page)
    assert f'<dt>Fresh until</dt><dd><time datetime="{entry.fresh_until:%Y-%m-%dT%H:%M}' in page
    life.move_clocks(entry.due_at)
    entry.refresh_from_db()
    page = shown(client_for, officer, entry)
    assert f'<dt>Leaves the list</dt><dd><time datetime="{entry.due_at:%Y-%m-%dT%H:%M}' in page


def test_who_denies_a_criterion_says_why(nominated, officer, client_for, at):
    entry = nominated()
    answer = judge(client_for(officer), entry, severe="no", note=" ")
    assert answer.status_code == 400
    assert "Say why you deny it." in answer.content.decode()
    said = life.Judgement("yes", "yes", "no", "yes", at, "high")
    with pytest.raises(life.NoReason):
        life.assess(entry, said, by=officer, at=at)
    assert not entry.assessments.exists()
    assert (
        judge(client_for(officer), entry, severe="no", note="Nobody is touched").status_code == 302
    )


def test_a_judgement_is_taken_back_with_a_reason(nominated, officer, client_for):
    entry, client = nominated(), client_for(officer)
    judge(client, entry)
    address = reverse("worst-of-withdraw", args=[entry.pk])
    assert "Say why." in client.post(address, follow=True).content.decode()
    assert entry.assessments.exists()
    client.post(address, {"reason": "The wrong domain"})
    assert not entry.assessments.exists()
    assert entry.steps.get(verb="worstof.entry.withdrawn").reason == "The wrong domain"


def test_a_domains_page_leads_to_what_stands_near_it_as_far_as_the_reader_may_see(
    nominated, officer, assessor, client_for
):
    national = BlockList.objects.create(
        name="Ours", country="JM", legal_basis="Act", distinct="agency"
    )
    middle, above = nominated("m.bad.example"), nominated("bad.example")
    below, twin = nominated("a.m.bad.example"), nominated("m.bad.example", on=national)
    far = nominated("notm.bad.example")
    said = {
        above: "Above it",
        below: "Below it",
        twin: "The same name on another list",
    }
    told = shown(client_for, officer, middle)
    assert reverse("worst-of-entry", args=[far.pk]) not in told
    for entry, how in said.items():
        assert reverse("worst-of-entry", args=[entry.pk]) in told
        assert how in told
    abroad = shown(client_for, assessor, middle)
    assert reverse("worst-of-entry", args=[above.pk]) in abroad
    assert reverse("worst-of-entry", args=[twin.pk]) not in abroad
