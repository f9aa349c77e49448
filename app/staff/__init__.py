"""Staff: signing in, one's own account, everybody's accounts and roles, the audit log."""
