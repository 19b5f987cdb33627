using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Mounting;

/// <summary>The directories of one mounted root: <c>{base}/image</c>, <c>upper</c> and <c>root</c>.</summary>
internal sealed class MountPoints(string directory, Sha256Digest digest)
{
    internal string Base { get; } = Path.Combine(directory, digest.ToString());

    /// <summary>The read-only image.</summary>
    internal string Image => Path.Combine(Base, "image");

    /// <summary>The tmpfs.</summary>
    internal string Upper => Path.Combine(Base, "upper");

    /// <summary>The overlay.</summary>
    internal string Root => Path.Combine(Base, "root");

    /// <summary>In the order of mounting.</summary>
    internal IReadOnlyList<string> InOrder => [Image, Upper, Root];

    internal MountedRoot ToRoot() => new(digest, Image, Root);
}
