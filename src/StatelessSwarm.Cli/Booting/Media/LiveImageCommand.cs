using System.CommandLine;
using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Booting.Media;

/// <summary><c>stateless boot iso</c></summary>
internal static class LiveImageCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var repository = new Option<string>("--repo") { Required = true, HelpName = "DIR", Description = "Repository with the release." };
        var release = new Option<string>("--release") { Required = true, HelpName = "PRODUCT/CHANNEL|sha256:DIGEST", Description = "The release: one by its digest, or the one a channel names." };
        var follow = new Option<bool>("--follow") { Description = "Follow the channel after the boot; the medium does not boot any more once the channel's pointer has expired. Default: this release for ever." };
        var kernel = new Option<string>("--kernel") { Required = true, HelpName = "VERSION", Description = "Kernel, as uname -r says it: its modules go into the initramfs." };
        var image = new Option<string?>("--kernel-image") { HelpName = "FILE", Description = "The kernel itself; default /boot/vmlinuz-VERSION." };
        var line = new Option<string>("--cmdline") { HelpName = "WORDS", Description = "More words of the kernel's command line.", DefaultValueFactory = _ => "" };
        var modules = InitramfsCommand.ModulesOption();
        var configuration = new Option<string?>("--config") { HelpName = "FILE", Description = "Node configuration to put in: server, site." };
        var agent = InitramfsCommand.AgentOption();
        var output = new Option<string>("--output", "-o") { Required = true, HelpName = "FILE", Description = "Image to write." };
        var command = new ToolCommand(
            "iso",
            "Makes a medium that boots one release without a network, by BIOS and UEFI, as a disc or a USB stick; the machine then serves it to its site.",
            "stateless boot iso --repo repo --release web/stable --kernel 6.1.0-56-amd64 -o web.iso"
        )
        {
            repository, release, follow, kernel, image, line, modules, configuration, agent, output,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var directory = result.GetRequiredValue(repository);
                var name = result.GetRequiredValue(release);
                var held = Repository.Open(directory, context.Time);
                var (digest, channel) = Find(held, name);
                if (result.GetValue(follow) && channel is null)
                    throw new CommandException(ExitCode.Usage, "--follow: expected a channel in --release");
                var words = result.GetValue(line)!;
                if (words.Any(letter => char.IsControl(letter) || "'\"\\{};$&|<>".Contains(letter, StringComparison.Ordinal)))
                    throw new CommandException(ExitCode.Usage, $"--cmdline {words}: expected words without quotes and signs that GRUB takes for its own");
                var version = result.GetRequiredValue(kernel);
                var kernelImage = result.GetValue(image) ?? "/boot/vmlinuz-" + version;
                if (!File.Exists(kernelImage))
                    throw new CommandException(ExitCode.Nothing, $"{kernelImage}: no such file");
                var path = Path.GetFullPath(result.GetRequiredValue(output));
                var manifest = held.ReadManifest(digest);
                var request = new LiveImageRequest
                {
                    Output = path,
                    Repository = directory,
                    Release = digest,
                    Follow = result.GetValue(follow) ? channel! : $"sha256:{digest}",
                    KernelImage = kernelImage,
                    CommandLine = words,
                    Initramfs = new InitramfsRequest
                    {
                        Kernel = version,
                        Output = path,
                        Agent = result.GetValue(agent) ?? AgentFiles.OwnPath,
                        Trust = Path.Combine(directory, RepositoryLayout.Root),
                        Configuration = result.GetValue(configuration),
                        HasMostModules = result.GetValue(modules) == "most",
                    },
                };
                var bytes = await context.Progress.RunAsync(
                    $"making {Path.GetFileName(path)}",
                    async _ => await LiveImage.BuildAsync(request, manifest, context.Tools, cancellation)
                );
                context.Terminal.Out.WriteLine($"{result.GetRequiredValue(output)}: {manifest.Product} {manifest.Version}, sha256:{digest}, {ByteCount.Format(bytes)}");
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static (Sha256Digest Release, string? Channel) Find(Repository repository, string name)
    {
        if (!FollowedChannel.TryParse(name, out var followed))
            throw new CommandException(ExitCode.Usage, $"--release {name}: expected PRODUCT/CHANNEL or sha256:DIGEST");
        if (followed.Release is { } digest)
            return repository.ListReleases().Contains(digest) ? (digest, null) : throw new CommandException(ExitCode.Nothing, $"{name}: no such release in {repository.Directory}");
        var pointer = repository.ListChannels().FirstOrDefault(channel => channel.Product == followed.Product && channel.Channel == followed.Channel);
        return pointer is null ? throw new CommandException(ExitCode.Nothing, $"{name}: no such channel in {repository.Directory}") : (pointer.Release, name);
    }
}
