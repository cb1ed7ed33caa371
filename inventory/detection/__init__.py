"""What is unlike the demand that was to be expected: p-values, detectors and discoveries; arrays in, arrays out."""
