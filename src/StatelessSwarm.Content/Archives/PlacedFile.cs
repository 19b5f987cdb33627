namespace StatelessSwarm.Content.Archives;

/// <summary>A name of a <see cref="FileTree"/>.</summary>
/// <param name="Entry">What it is; where its data lies, in its archive.</param>
/// <param name="Archive">The archive, by the number it was applied with.</param>
public readonly record struct PlacedFile(TarEntry Entry, int Archive);
