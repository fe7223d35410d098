export declare const nodeDiesInTheRush: import('#day').Day
