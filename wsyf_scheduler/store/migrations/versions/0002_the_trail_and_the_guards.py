"""The trail as a chain, regimes, uptime, refused addresses, holders as they were known, held and repeated messages."""

import hashlib
import json
import zlib

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

STATES = "'queued', 'sending', 'sent', 'retry', 'uncertain', 'discarded', 'cancelled', 'superseded', 'held'"
CHAINED = (
    "at", "who", "action", "plan_id", "assignment_id", "message_id", "from_state", "to_state", "why", "detail",
)


def upgrade() -> None:
    _messages()
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attempt_at'), ['at'], unique=False)
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('retired_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.create_table('refused_address',
    sa.Column('address', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('code', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_refused_address_message_id')),
    sa.PrimaryKeyConstraint('address', name=op.f('pk_refused_address'))
    )
    op.create_table('regime',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_regime'))
    )
    op.create_table('uptime',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('from_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('to_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('host', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uptime'))
    )
    op.create_table('chain_head',
    sa.Column('chain', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.PrimaryKeyConstraint('chain', name=op.f('pk_chain_head'))
    )
    _events()


def _messages() -> None:
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('raw_hash', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column('taken', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('held_for', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column('again_of', sa.Integer(), nullable=True))
    connection = op.get_bind()
    for message_id, raw in connection.exec_driver_sql("SELECT id, raw FROM message WHERE raw IS NOT NULL").all():
        digest = hashlib.sha256(zlib.decompress(raw)).hexdigest()
        connection.exec_driver_sql("UPDATE message SET raw_hash = ? WHERE id = ?", (digest, message_id))
    connection.exec_driver_sql("UPDATE message SET held_for = 'guard' WHERE state = 'held'")
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f('fk_message_again_of'), 'message', ['again_of'], ['id'])
        batch_op.create_check_constraint(op.f('ck_message_claimed_by'), "(claimed_at IS NULL) = (claimed_by IS NULL)")
        batch_op.create_check_constraint(op.f('ck_message_held_for'), "(state = 'held') = (held_for IS NOT NULL)")
        batch_op.create_check_constraint(
            op.f('ck_message_raw_hash'), "state NOT IN ('sent', 'uncertain') OR raw_hash IS NOT NULL"
        )


def _events() -> None:
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('chain', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column('seq', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('hash', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    connection = op.get_bind()
    heads: dict[str, tuple[int, str]] = {}
    columns = ", ".join(CHAINED)
    for row in connection.exec_driver_sql(f"SELECT id, {columns} FROM event ORDER BY id").all():
        event_id, *values = row
        chain = row.plan_id or ""
        seq, before = heads.get(chain, (0, ""))
        text = json.dumps([chain, seq + 1, *values], ensure_ascii=False)
        digest = hashlib.sha256(f"{before}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
        heads[chain] = seq + 1, digest
        connection.exec_driver_sql(
            "UPDATE event SET chain = ?, seq = ?, hash = ? WHERE id = ?", (chain, seq + 1, digest, event_id)
        )
    for chain, (seq, digest) in heads.items():
        connection.exec_driver_sql("INSERT INTO chain_head (chain, seq, hash) VALUES (?, ?, ?)", (chain, seq, digest))
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.alter_column('chain', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
        batch_op.alter_column('seq', existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column('hash', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_event_chain_seq'), ['chain', 'seq'])


def downgrade() -> None:
    raise NotImplementedError("a backup is the way back")
