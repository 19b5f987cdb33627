using System.Runtime.CompilerServices;

// Blittable signatures only: what the compiler sees is what libc gets.
[assembly: DisableRuntimeMarshalling]
