"""Ground that every app stands on: money, clock, ids, errors, locks, admin and HTTP bases. No tables, no business."""
