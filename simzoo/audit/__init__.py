"""What a pretrained model is worth: one model on one data set, measured, warned about, and compared with another."""
