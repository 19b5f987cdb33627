using System.Globalization;
using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Booting.Media;

/// <summary>
/// A medium that boots one release without a network: GRUB for BIOS and UEFI, as a disc and as a disk (a USB stick), a kernel, our initramfs, and a
/// repository that holds the signed metadata and this release alone.
/// </summary>
internal static class LiveImage
{
    /// <summary>Where the repository lies on the medium.</summary>
    public const string RepositoryFolder = "stateless";

    private const string BootFolder = "boot";

    /// <summary>Name of the medium's file system: by it the initramfs finds the medium.</summary>
    public static string LabelOf(Sha256Digest release) => $"STATELESS-{release.ToString()[..8].ToUpperInvariant()}";

    /// <summary>Makes it.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="CommandException">A program is missing or failed.</exception>
    public static async Task<long> BuildAsync(LiveImageRequest request, ReleaseManifest manifest, ToolLocator tools, CancellationToken cancellation)
    {
        var grub = tools.Find("grub-mkrescue", "grub-common");
        _ = tools.Find("xorriso", "xorriso");
        _ = tools.Find("mformat", "mtools");
        foreach (var (folder, package) in new[] { ("i386-pc", "grub-pc-bin"), ("x86_64-efi", "grub-efi-amd64-bin") })
        {
            if (!Directory.Exists("/usr/lib/grub/" + folder))
                throw new CommandException(ExitCode.Failed, $"/usr/lib/grub/{folder} is not there; it is in the Debian package {package} (apt-get install {package})");
        }
        var staging = $"{request.Output}.{Guid.NewGuid():N}.tree";
        var temporary = $"{request.Output}.{Guid.NewGuid():N}.part";
        try
        {
            var boot = Directory.CreateDirectory(Path.Combine(staging, BootFolder, "grub")).Parent!.FullName;
            File.Copy(request.KernelImage, Path.Combine(boot, "vmlinuz"));
            await InitramfsBuilder.BuildAsync(request.Initramfs with { Output = Path.Combine(boot, "initrd.img") }, tools, cancellation);
            await File.WriteAllTextAsync(Path.Combine(boot, "grub/grub.cfg"), MenuOf(request, manifest), cancellation);
            await CopyRepositoryAsync(request, Path.Combine(staging, RepositoryFolder), tools, cancellation);
            await new ToolRun
            {
                Program = grub,
                Arguments = ["--output=" + temporary, "--locales=", "--fonts=", "--themes=", staging, "-volid", LabelOf(request.Release), "-iso-level", "3"],
            }.RunAsync(cancellation);
            File.Move(temporary, request.Output, overwrite: true);
            return new FileInfo(request.Output).Length;
        }
        finally
        {
            File.Delete(temporary);
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }
    }

    private static string MenuOf(LiveImageRequest request, ReleaseManifest manifest)
    {
        // Inside single quotes nothing means anything to GRUB.
        var title = string.Concat($"{manifest.Product} {manifest.Version}".Select(letter => char.IsAsciiLetterOrDigit(letter) || "._- +~".Contains(letter, StringComparison.Ordinal) ? letter : '_'));
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            set timeout=3
            if serial --unit=0 --speed=115200; then
              terminal_input console serial
              terminal_output console serial
            fi
            menuentry '{{title}}' {
              linux /{{BootFolder}}/vmlinuz root=stateless:{{request.Follow}} rd.stateless.medium=LABEL={{LabelOf(request.Release)}} rd.stateless.mode=ram {{request.CommandLine}}
              initrd /{{BootFolder}}/initrd.img
            }

            """
        );
    }

    private static async Task CopyRepositoryAsync(LiveImageRequest request, string target, ToolLocator tools, CancellationToken cancellation)
    {
        foreach (var folder in new[] { "metadata", $"{RepositoryLayout.Releases}/{request.Release}" })
        {
            var place = Path.Combine(target, folder);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            await new ToolRun
            {
                Program = tools.Find("cp", "coreutils"),
                Arguments = ["-r", "--reflink=auto", Path.Combine(request.Repository, folder), place],
            }.RunAsync(cancellation);
        }
    }
}
