export declare const quietTuesday: import('#day').Day
