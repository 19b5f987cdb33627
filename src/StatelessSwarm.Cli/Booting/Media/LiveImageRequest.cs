using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Cli.Booting.Media;

/// <summary>What a live image is made of.</summary>
internal sealed record LiveImageRequest
{
    /// <summary>File to write; replaced by rename once complete.</summary>
    public required string Output { get; init; }

    /// <summary>The repository.</summary>
    public required string Repository { get; init; }

    /// <summary>The release.</summary>
    public required Sha256Digest Release { get; init; }

    /// <summary>What the machine follows, as after <c>root=stateless:</c>.</summary>
    public required string Follow { get; init; }

    /// <summary>The kernel.</summary>
    public required string KernelImage { get; init; }

    /// <summary>The initramfs; its output is ours to say.</summary>
    public required InitramfsRequest Initramfs { get; init; }

    /// <summary>More words of the kernel's command line; one line, no quotes.</summary>
    public string CommandLine { get; init; } = "";
}
