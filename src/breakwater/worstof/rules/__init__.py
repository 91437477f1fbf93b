"""Pure decisions about domains: when one is listed, what guards it, when it is due again."""
