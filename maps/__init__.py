"""Look: Folium maps and the texts of every page, in Italian and English."""
