namespace StatelessSwarm.Platform.DeviceMapper;

/// <summary>
/// What a dm-verity device is made of (Linux Documentation/admin-guide/device-mapper/verity.rst), format 1, SHA-256, blocks of
/// 4096 bytes.
/// </summary>
/// <param name="DataDevice">Block device with the data.</param>
/// <param name="HashDevice">Block device with the hash tree, without superblock, from its first byte on.</param>
/// <param name="DataBlocks">Blocks of data.</param>
/// <param name="RootHash">Root hash, 64 hexadecimal digits.</param>
/// <param name="Salt">Salt, hexadecimal; empty for none.</param>
public sealed record VerityTable(string DataDevice, string HashDevice, long DataBlocks, string RootHash, string Salt)
{
    /// <summary>Bytes in a block.</summary>
    public const int BlockBytes = 4096;

    /// <summary>The table line's parameters, as the kernel reads them.</summary>
    internal string Parameters =>
        $"1 {DataDevice} {HashDevice} {BlockBytes} {BlockBytes} {DataBlocks} 0 sha256 {RootHash} {(Salt.Length == 0 ? "-" : Salt)}";
}
