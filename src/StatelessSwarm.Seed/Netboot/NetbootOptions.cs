using System.Net;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>
/// A directory of files for machines that boot from the network: <c>vmlinuz</c> and <c>initrd.img</c> (made by <c>stateless boot
/// initramfs</c>), and, for firmware that is not iPXE, a loader: <c>undionly.kpxe</c> (BIOS), <c>snponly.efi</c> (UEFI), <c>snponly-arm64.efi</c>;
/// <c>boot.efi</c>, a unified kernel image, for UEFI HTTP boot.
/// </summary>
internal sealed record NetbootOptions
{
    /// <summary>First part of the files' paths on the web server.</summary>
    public const string UrlPrefix = "netboot/";

    /// <summary>The script iPXE gets; made here unless the directory has one.</summary>
    public const string ScriptName = "boot.ipxe";

    /// <summary>Loader for BIOS machines.</summary>
    public const string BiosLoader = "undionly.kpxe";

    /// <summary>Loader for UEFI machines.</summary>
    public const string EfiLoader = "snponly.efi";

    /// <summary>Loader for 64-bit ARM machines.</summary>
    public const string Arm64Loader = "snponly-arm64.efi";

    /// <summary>Kernel and initrd in one EFI program.</summary>
    public const string UnifiedImage = "boot.efi";

    private const int MaxName = 64;

    /// <summary>Absolute path of the directory.</summary>
    public required string Directory { get; init; }

    /// <summary>Kernel command line of the script, after what it sets by itself.</summary>
    public string CommandLine { get; init; } = "root=stateless";

    /// <summary>The web server's port.</summary>
    public int HttpPort { get; init; }

    /// <summary>True when the directory has the file.</summary>
    public bool Has(string name) => PathOf(name) is not null;

    /// <summary>Absolute path of a file, or null: only plain files directly in the directory, under plain names.</summary>
    public string? PathOf(string name)
    {
        if (name.Length is 0 or > MaxName || name[0] == '.' || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '+'))
            return null;
        var path = Path.Combine(Directory, name);
        return new FileInfo(path) is { Exists: true, LinkTarget: null } ? path : null;
    }

    /// <summary>
    /// The script for iPXE: kernel and initrd from where the script came from, the seed on the command line, and the interface that was
    /// booted from.
    /// </summary>
    /// <param name="seed">Where the machine has reached the web server.</param>
    public string Script(IPEndPoint seed) =>
        $$"""
        #!ipxe
        kernel vmlinuz initrd=initrd.img BOOTIF=01-${net0/mac:hexhyp} rd.stateless.seed=http://{{seed}} {{CommandLine}}
        initrd initrd.img
        boot

        """;
}
