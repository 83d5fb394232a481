-- What the verification of the ledger remembers. Nothing here moves money; all of it can be made anew.

-- Of each account: what its transfers before `wallet_checkpoint_mark.summed_until` come to.
CREATE TABLE wallet_checkpoint (
    account_id bigint PRIMARY KEY,
    debits bigint NOT NULL,
    credits bigint NOT NULL,
    drawn bigint NOT NULL,
    granted bigint NOT NULL,
    returned bigint NOT NULL,
    charged bigint NOT NULL,
    last_at timestamptz NOT NULL
);

-- One row. Rules that are asked of changed wallets alone have been asked of every change before `ruled_until`.
CREATE TABLE wallet_checkpoint_mark (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT wallet_checkpoint_mark_single CHECK (id = 1),
    summed_until timestamptz NOT NULL,
    ruled_until timestamptz NOT NULL
);

-- A closed month of transfers as it was when it was closed; only those posted before `posted_before` count.
CREATE TABLE wallet_seal (
    month text PRIMARY KEY,
    posted_before timestamptz NOT NULL,
    transfers bigint NOT NULL,
    amount_nanos numeric(38) NOT NULL,
    digest numeric(38) NOT NULL,
    sealed_at timestamptz NOT NULL,
    compared_at timestamptz NOT NULL
);

-- Rows lie on disk in the order in which they were posted, so that a few summaries find those of any hour.
CREATE INDEX wallet_transfer_at ON wallet_transfer USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX wallet_draw_at ON wallet_draw USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX wallet_transfer_bookings ON wallet_transfer (wallet_id) WHERE lot_id IS NOT NULL OR reverses_id IS NOT NULL;
CREATE INDEX wallet_posting_transfer ON wallet_posting (transfer_id);
