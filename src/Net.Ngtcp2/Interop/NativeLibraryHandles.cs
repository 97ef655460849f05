namespace Net.Ngtcp2.Interop;

/// <summary>The loaded libraries. They stay loaded until the process ends: native code keeps pointers into them.</summary>
internal readonly record struct NativeLibraryHandles(nint GnuTls, nint Ngtcp2, nint Ngtcp2Crypto);
