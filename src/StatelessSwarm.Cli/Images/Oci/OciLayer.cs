namespace StatelessSwarm.Cli.Images.Oci;

/// <summary>A layer of an image, lowest first.</summary>
/// <param name="Digest">Of the blob, <c>sha256:</c> and 64 hexadecimal digits.</param>
/// <param name="Length">Bytes of the blob.</param>
/// <param name="DiffId">Digest of the tar archive in it.</param>
internal sealed record OciLayer(string Digest, long Length, string DiffId);
