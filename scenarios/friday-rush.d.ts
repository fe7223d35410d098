export declare const fridayRush: import('#day').Day
