"""Where facts come from: recipes, readers, the city pack, the sample city, the errors."""
