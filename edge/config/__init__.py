"""The one configuration: schema, loading, profiles."""
