"""Pure decisions of the reports room: values in, a decision with its reasons out."""
