//! The documents, member by member.
