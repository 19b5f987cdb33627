namespace StatelessSwarm.Content.Manifests;

/// <summary>Format of an image. The numbers are on disk and on the wire: frozen.</summary>
public enum ImageFormat
{
    /// <summary>SquashFS 4.</summary>
    SquashFs = 1,

    /// <summary>EROFS.</summary>
    Erofs = 2,
}
