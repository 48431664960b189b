DROP FUNCTION standing_figures;
