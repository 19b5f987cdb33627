namespace StatelessSwarm.Content.Archives;

/// <summary>An extended attribute.</summary>
/// <param name="Name">Name with its name space, such as <c>security.capability</c>; bytes, see <see cref="TarEntry"/>.</param>
/// <param name="Value">Value, as it is.</param>
public readonly record struct TarAttribute(string Name, ReadOnlyMemory<byte> Value);
