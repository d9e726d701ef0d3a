"""People entered in a rehearsal before its first tick were there from its beginning, whatever the machine's clock says."""

from click.testing import CliRunner

from tests.cli.office_fixtures import Desk
from wsyf_scheduler.cli.main import wsyf


def test_explain_knows_whom_a_rehearsal_entered_without_at(tmp_path):
    desk = Desk(tmp_path / "office")
    assert CliRunner().invoke(wsyf, ["init", "--rehearsal", str(desk.folder)]).exit_code == 0
    desk.wsyf("plan", "sync", at="2022-05-19T00:00")
    desk.wsyf("people", "import", desk.folder / "people.csv")
    desk.wsyf("tick", at="2022-05-24")
    found = desk.wsyf(
        "explain", "--person", "liaison.transport@gaoping.example", "--on", "2022-05-24", at="2022-05-25", LANGUAGE="en"
    )
    assert "liaison.transport@gaoping.example" in found.out
    assert "vacant" not in found.out
