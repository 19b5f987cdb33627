namespace StatelessSwarm.Cli.Images.Oci;

/// <summary>The files of an OCI image layout.</summary>
internal interface IOciBlobs
{
    /// <summary>A file by its path in the layout, readable at any place; null if it is not there.</summary>
    Stream? Open(string path);
}
