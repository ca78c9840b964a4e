"""How the layers of a plan look in QGIS: the classes, colours and shapes of the page's map, as styles inside ``plan.gpkg``."""
