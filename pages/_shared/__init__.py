"""The only shared UI code: pickers, cached loaders, viewers, empty states."""
