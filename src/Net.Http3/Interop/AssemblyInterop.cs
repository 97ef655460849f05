using System.Runtime.CompilerServices;

// Every signature must be blittable: the generated stubs are then plain calls, and nothing is marshalled behind our back.
[assembly: DisableRuntimeMarshalling]
