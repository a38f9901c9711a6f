/**
 * pdf.js asks for a class of browsers as soon as it is loaded, for drawing pages. Nothing is drawn here, and the library
 * of machine code that has the class has no business in this process.
 */
Object.assign(globalThis, { DOMMatrix: class {} });

export {};
